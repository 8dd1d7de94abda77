// Role: learning-rate schedules as plain formulas over a step or epoch number.
// It must not know optimizers or models.

/** A learning rate (and momentum) as a function of the step or epoch, both counted from 0. */
export interface LearningRateSchedule {
  /** The factory's name, for saving: `exponentialDecay`. */
  readonly name: string;
  /** What `t` counts. */
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

/** What optimizers use: a learning rate for each step and epoch, each value checked. */
export interface ResolvedLearningRate {
  /** The schedule behind it; a number becomes `constant`, a function a schedule by step. */
  readonly schedule: LearningRateSchedule;
  /** What `t` counts. */
  readonly by: "step" | "epoch";
  /** The learning rate at `t`. Throws a GradusError naming `t` for a negative, NaN or infinite one. */
  learningRate(t: number): number;
  /** The momentum at `t`; undefined where the schedule leaves it to the optimizer. */
  momentum(t: number): number | undefined;
}

/** Gives any {@link LearningRate} one form. */
export declare function resolveLearningRate(where: string, lr: LearningRate): ResolvedLearningRate;
