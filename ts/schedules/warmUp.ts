// Role: a warm-up in front of any schedule. It must not know optimizers.
import { checkNumber, checkOptions } from "../errors.js";
import { type LearningRate, type LearningRateSchedule, resolveLearningRate } from "./schedule.js";

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  /** The length of the warm-up, in what the schedule counts (steps, or epochs); > 0. */
  readonly steps: number;
  /** The learning rate at 0; >= 0, 0 by default. */
  readonly initialLearningRate?: number;
}

/**
 * A linear rise from `initialLearningRate` to the first learning rate of a
 * schedule, which then begins: at `t` >= `steps` it is the schedule at `t - steps`.
 * Source: Goyal et al. 2017, https://arxiv.org/abs/1706.02677, section 2.2
 * @param schedule what follows: a number, a schedule or a function of the step
 * @param options how long, and from where
 * @throws GradusError for options out of range
 * @example
 * adam({ learningRate: warmUp(exponentialDecay({ … }), { steps: 500 }) });
 */
export function warmUp(schedule: LearningRate, options: WarmUpOptions): LearningRateSchedule {
  const where = "warmUp";
  const given = checkOptions(where, options, ["steps", "initialLearningRate"]);
  const steps = checkNumber(where, "steps", given.steps, { exclusiveMin: 0 });
  const initialLearningRate = checkNumber(
    where,
    "initialLearningRate",
    given.initialLearningRate ?? 0,
    { min: 0 },
  );
  const next = resolveLearningRate(where, schedule);
  const target = next.learningRate(0);
  const result: LearningRateSchedule = {
    name: "warmUp",
    by: next.by,
    learningRate: (t) =>
      t < steps
        ? initialLearningRate + (target - initialLearningRate) * (t / steps)
        : next.learningRate(t - steps),
    getConfig: () => ({
      steps,
      initialLearningRate,
      schedule: { name: next.schedule.name, config: next.schedule.getConfig() },
    }),
  };
  if (next.momentum(0) === undefined) return result;
  return { ...result, momentum: (t) => next.momentum(Math.max(0, t - steps)) as number };
}
