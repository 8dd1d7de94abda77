// The public API of gradus/infer: names only, no code.

export type { DataLike, NumericArray } from "../data/rows.js";
export {
  type DType,
  type NestedNumbers,
  type Tensor,
  type TensorData,
  tensor,
} from "../data/tensor.js";
export { type ErrorDetail, GradusError } from "../errors.js";
export {
  type InitSyncOptions,
  initSync,
  type RuntimeInfo,
  runtimeInfo,
} from "../runtime/load.js";
export { type InitOptions, init } from "./init.js";
export type { InPlaceOfData, LoadedModel, PredictOptions, RowShape } from "./loaded-model.js";
export { loadModel, type ModelSource } from "./loadModel.js";
