// Role: the public names of optimizers/. It must not hold code.

export {
  type AdamaxOptions,
  type AdamOptions,
  adam,
  adamax,
  adamW,
  type LambOptions,
  lamb,
  type NadamOptions,
  nadam,
} from "./optimizers/adam.js";
export {
  type AdadeltaOptions,
  type AdagradOptions,
  adadelta,
  adagrad,
  type RmspropOptions,
  rmsprop,
} from "./optimizers/adaptive.js";
export {
  type OptimizerLike,
  type OptimizerName,
  resolveOptimizer,
} from "./optimizers/byName.js";
export {
  type MomentumOptions,
  momentum,
  nesterov,
  type SgdOptions,
  sgd,
} from "./optimizers/descent.js";
export { type FtrlOptions, ftrl } from "./optimizers/ftrl.js";
export { type LionOptions, lion } from "./optimizers/lion.js";
export { type MuonOptions, muon } from "./optimizers/muon.js";
export type { OptimizedWeight, Optimizer, OptimizerOptions, Slot } from "./optimizers/optimizer.js";
