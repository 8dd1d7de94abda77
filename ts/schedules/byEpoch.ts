// Role: lets any schedule count epochs instead of steps. It must not know optimizers.
import { type LearningRate, type LearningRateSchedule, resolveLearningRate } from "./schedule.js";

/**
 * A schedule whose `t` counts epochs: the learning rate stays the same within an
 * epoch. What the schedule calls steps are epochs then.
 * @param schedule a schedule, or a function of the epoch
 * @throws GradusError for anything else
 * @example
 * // A tenth after 30 epochs, a hundredth after 60.
 * sgd({ learningRate: byEpoch(piecewiseConstantDecay({ boundaries: [29, 59], values: [0.1, 0.01, 0.001] })) });
 */
export function byEpoch(schedule: LearningRate): LearningRateSchedule {
  const { schedule: counted } = resolveLearningRate("byEpoch", schedule);
  const { momentum } = counted;
  return {
    name: "byEpoch",
    by: "epoch",
    learningRate: (epoch) => counted.learningRate(epoch),
    ...(momentum ? { momentum: (epoch: number) => momentum.call(counted, epoch) } : {}),
    getConfig: () => ({ schedule: { name: counted.name, config: counted.getConfig() } }),
  };
}
