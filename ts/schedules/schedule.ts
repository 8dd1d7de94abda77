// Role: the form of a learning-rate schedule, and the one place that turns what
// users pass as a learning rate into it. It must not know optimizers or models;
// the formulas lie beside it.
import { checkNumber, describe, fail } from "../errors.js";
import { constant } from "./decay.js";

/** A learning rate (and momentum) as a function of the step or epoch, both counted from 0. */
export interface LearningRateSchedule {
  /** The factory's name, for saving: `exponentialDecay`. */
  readonly name: string;
  /** What `t` counts: steps of the optimizer, or epochs of `fit`. */
  readonly by: "step" | "epoch";
  /** The learning rate at `t`. */
  learningRate(t: number): number;
  /** The momentum (`beta1` of Adam and its family) at `t`, where the schedule cycles it. */
  momentum?(t: number): number;
  /** The factory's arguments, for saving. */
  getConfig(): Readonly<Record<string, unknown>>;
}

/** What optimizers take as `learningRate`: a number, a schedule, or a function of the step. */
export type LearningRate = number | LearningRateSchedule | ((step: number) => number);

/** What optimizers use: a learning rate for each step or epoch, each value checked. */
export interface ResolvedLearningRate {
  /** The schedule behind it; a number becomes `constant`, a function a schedule by step. */
  readonly schedule: LearningRateSchedule;
  /** What `t` counts. */
  readonly by: "step" | "epoch";
  /** The learning rate at `t`. Throws a GradusError naming `t` for a negative, NaN or infinite one. */
  learningRate(t: number): number;
  /**
   * The momentum at `t`; undefined where the schedule leaves it to the optimizer.
   * Throws a GradusError naming `t` for one outside of [0, 1).
   */
  momentum(t: number): number | undefined;
}

function isSchedule(value: unknown): value is LearningRateSchedule {
  if (typeof value !== "object" || value === null) return false;
  const { learningRate, by } = value as Partial<LearningRateSchedule>;
  return typeof learningRate === "function" && (by === "step" || by === "epoch");
}

/** A user's function as a schedule. It cannot be saved: `getConfig` says so. */
function fromFunction(where: string, formula: (step: number) => number): LearningRateSchedule {
  return {
    name: "function",
    by: "step",
    learningRate: formula,
    getConfig: () =>
      fail(where, {
        expected: "a learning rate that can be saved: a number or one of the named schedules",
        received: describe(formula),
      }),
  };
}

/**
 * Gives any {@link LearningRate} one form whose values are checked.
 * @param where the optimizer for errors: `adamW`
 * @param learningRate a number, a schedule or a function of the step
 * @throws GradusError for anything else, and at once where the value at 0 is no learning rate
 */
export function resolveLearningRate(
  where: string,
  learningRate: LearningRate,
): ResolvedLearningRate {
  let schedule: LearningRateSchedule;
  if (typeof learningRate === "number") {
    checkNumber(where, "learningRate", learningRate, { min: 0 });
    schedule = constant({ learningRate });
  } else if (typeof learningRate === "function") {
    schedule = fromFunction(where, learningRate);
  } else if (isSchedule(learningRate)) {
    schedule = learningRate;
  } else {
    return fail(where, {
      expected: "learningRate to be a number, a schedule such as oneCycle({…}) or a function",
      received: describe(learningRate),
    });
  }

  const { by, name } = schedule;
  const resolved: ResolvedLearningRate = {
    schedule,
    by,
    learningRate(t) {
      const value = schedule.learningRate(t);
      if (value >= 0 && value < Number.POSITIVE_INFINITY) return value;
      return fail(where, {
        expected: `${name} to give a learning rate >= 0`,
        received: `${describe(value)} at ${by} ${t}`,
      });
    },
    momentum(t) {
      const value = schedule.momentum?.(t);
      if (value === undefined || (value >= 0 && value < 1)) return value;
      return fail(where, {
        expected: `${name} to give a momentum in [0, 1)`,
        received: `${describe(value)} at ${by} ${t}`,
      });
    },
  };
  resolved.learningRate(0);
  return resolved;
}
