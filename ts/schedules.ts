// Role: the public names of schedules/. It must not hold code.
export { byEpoch } from "./schedules/byEpoch.js";
export {
  type CosineDecayOptions,
  type CosineDecayRestartsOptions,
  cosineDecay,
  cosineDecayRestarts,
} from "./schedules/cosine.js";
export {
  type ConstantOptions,
  constant,
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  type PiecewiseConstantDecayOptions,
  type PolynomialDecayOptions,
  type PowerDecayOptions,
  piecewiseConstantDecay,
  polynomialDecay,
  powerDecay,
  type RateDecayOptions,
} from "./schedules/decay.js";
export { type OneCycleOptions, oneCycle } from "./schedules/oneCycle.js";
export { type PlotScheduleOptions, plotSchedule } from "./schedules/plotSchedule.js";
export {
  type LearningRate,
  type LearningRateSchedule,
  type ResolvedLearningRate,
  resolveLearningRate,
} from "./schedules/schedule.js";
export { type WarmUpOptions, warmUp } from "./schedules/warmUp.js";
