// The public API of gradus: names only, no code.

export type {
  Activation,
  ActivationFunction,
  ActivationName,
  AlphaOptions,
  GeluOptions,
  GluOptions,
  LeakyReluOptions,
  ParametricFunction,
  ReluOptions,
  ShrinkOptions,
  SquareplusOptions,
  ThresholdOptions,
} from "./activations.js";
export * as activations from "./activations.js";
export * from "./callbacks/index.js";
export {
  type AxisOption,
  type Constraint,
  type ConstraintFunction,
  type ConstraintLike,
  type ConstraintName,
  type MaxNormOptions,
  type MinMaxNormOptions,
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} from "./constraints.js";
export type { DataLike, NumericArray } from "./data/rows.js";
export type { ClassWeight } from "./data/split.js";
export type { BatchSource } from "./data/stream.js";
export {
  type DType,
  type NestedNumbers,
  type NestedOf,
  type Tensor,
  type TensorData,
  tensor,
} from "./data/tensor.js";
export * from "./diagnose/index.js";
export { type ErrorDetail, GradusError } from "./errors.js";
export type { Sym } from "./graph.js";
export {
  type ConstantOptions,
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type IdentityOptions,
  type Initializer,
  type InitializerFunction,
  type InitializerLike,
  type InitializerName,
  identity,
  lecunNormal,
  lecunUniform,
  type NormalOptions,
  type OrthogonalOptions,
  ones,
  orthogonal,
  randomNormal,
  randomUniform,
  type SeedOption,
  truncatedNormal,
  type UniformOptions,
  type VarianceScalingOptions,
  varianceScaling,
  zeros,
} from "./initializers.js";
export { exportModel } from "./io/exportModel.js";
export {
  type ActivationLayerOptions,
  type ActivationOptions,
  activation,
} from "./layers/activation.js";
export * from "./layers/activations.js";
export {
  type ActivityRegularizationOptions,
  activityRegularization,
} from "./layers/activityRegularization.js";
export { type AlphaDropoutOptions, alphaDropout } from "./layers/alphaDropout.js";
export {
  type BatchNormalizationOptions,
  batchNormalization,
} from "./layers/batchNormalization.js";
export {
  type CustomLayerOptions,
  customLayer,
  type InputsOf,
  type LayerCall,
  type LayerInput,
  type WeightDeclaration,
  type WeightDeclarations,
} from "./layers/customLayer.js";
export { type DenseOptions, dense } from "./layers/dense.js";
export { type DropoutOptions, dropout } from "./layers/dropout.js";
export { flatten } from "./layers/flatten.js";
export {
  type GaussianDropoutOptions,
  type GaussianNoiseOptions,
  gaussianDropout,
  gaussianNoise,
} from "./layers/gaussian.js";
export {
  type GroupNormalizationOptions,
  groupNormalization,
} from "./layers/groupNormalization.js";
export { type InputOptions, input } from "./layers/input.js";
export { type LambdaOptions, lambda } from "./layers/lambda.js";
export type { Layer, LayerFunction, LayerOptions } from "./layers/layer.js";
export type { LayerTensor } from "./layers/layer-tensor.js";
export {
  type LayerNormalizationOptions,
  layerNormalization,
} from "./layers/layerNormalization.js";
export {
  add,
  average,
  type ConcatenateOptions,
  concatenate,
  type DotOptions,
  dot,
  type MergeOptions,
  maximum,
  minimum,
  multiply,
  subtract,
} from "./layers/merge.js";
export {
  type Normalization,
  type NormalizationOptions,
  normalization,
} from "./layers/normalization.js";
export { type PermuteOptions, permute } from "./layers/permute.js";
export { type PreluOptions, prelu, type SwishOptions, swish } from "./layers/prelu.js";
export type { NoiseShapeOption, RandomLayerOptions, RateOption } from "./layers/random.js";
export { type RepeatVectorOptions, repeatVector } from "./layers/repeatVector.js";
export { type RescalingOptions, rescaling } from "./layers/rescaling.js";
export { type ReshapeOptions, reshape } from "./layers/reshape.js";
export { type RmsNormalizationOptions, rmsNormalization } from "./layers/rmsNormalization.js";
export type { ScaleAndShiftOptions } from "./layers/scale-and-shift.js";
export type {
  Apply,
  Complaint,
  ConcatenateRule,
  DenseRule,
  FlattenRule,
  MergeRule,
  PermuteRule,
  RepeatVectorRule,
  ReshapeRule,
  SameRank,
  SameShape,
  Shape,
  ShapeAfter,
  ShapeMistake,
  ShapeRule,
  ShapesOf,
} from "./layers/shape-rules.js";
export {
  type SpatialDropout1DOptions,
  type SpatialDropoutOptions,
  spatialDropout1D,
  spatialDropout2D,
  spatialDropout3D,
} from "./layers/spatialDropout.js";
export { type UnitNormalizationOptions, unitNormalization } from "./layers/unitNormalization.js";
export {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  type Loss,
  type LossFunction,
  type LossLike,
  type LossName,
  type LossOptions,
  type LossReduction,
  meanAbsoluteError,
  meanSquaredError,
  sparseCategoricalCrossentropy,
} from "./losses.js";
export {
  accuracy,
  type BinaryAccuracyOptions,
  binaryAccuracy,
  categoricalAccuracy,
  type Metric,
  type MetricFunction,
  type MetricLike,
  type MetricName,
  type MetricOptions,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  type TopKOptions,
  topKCategoricalAccuracy,
} from "./metrics.js";
export type { TestOnBatchOptions, TrainOnBatchOptions } from "./models/batch.js";
export {
  type CloneLayerOptions,
  type CloneModelOptions,
  cloneLayer,
  cloneModel,
} from "./models/cloning.js";
export type { InputComplaint, TargetComplaint } from "./models/data-types.js";
export type { EvaluateBatchesOptions, EvaluateOptions } from "./models/evaluate.js";
export type { Batch, Batches } from "./models/feed.js";
export type { FitBatchesOptions, FitOptions, ValidationData } from "./models/fit-plan.js";
export { freeze, type LayerPlace, type LayerRange, unfreeze } from "./models/freezing.js";
export { type ModelOptions, model } from "./models/functional.js";
export {
  type GradualUnfreezingOptions,
  gradualUnfreezing,
  type LayerGroup,
} from "./models/gradual-unfreezing.js";
export type { AnyData } from "./models/input-data.js";
export type { HistoryOf, LogNames, LogsOf } from "./models/log-types.js";
export type {
  AnyValidation,
  Model,
  ModelFunction,
  SummaryOptions,
  WeightInfo,
} from "./models/model.js";
export type { LossesLike, LossWeights, MetricsLike } from "./models/output-setup.js";
export type {
  DataFor,
  InPlaceOf,
  ResultOf,
  SameShapeAs,
  ShapeIn,
  TensorStructure,
} from "./models/parts.js";
export type { PredictBatchesOptions, PredictOptions } from "./models/predict.js";
export type { RunOptions } from "./models/run-options.js";
export {
  type AfterChain,
  type BeforeChain,
  type Link,
  type SequentialOptions,
  type ShapeOr,
  sequential,
} from "./models/sequential.js";
export type { CompileOptions } from "./models/training-setup.js";
export type { AxisOptions, Operand, ReduceOptions } from "./ops.js";
export * as ops from "./ops.js";
export {
  type AdadeltaOptions,
  type AdagradOptions,
  type AdamaxOptions,
  type AdamOptions,
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  type FtrlOptions,
  ftrl,
  type LambOptions,
  type LionOptions,
  lamb,
  lion,
  type MomentumOptions,
  type MuonOptions,
  momentum,
  muon,
  type NadamOptions,
  nadam,
  nesterov,
  type Optimizer,
  type OptimizerLike,
  type OptimizerName,
  type OptimizerOptions,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
} from "./optimizers.js";
export type { Plot, PlotSvgOptions, PlotTextOptions } from "./plot/plot.js";
export * from "./presets/index.js";
export {
  type PretrainAutoencoderOptions,
  type Pretrained,
  pretrainAutoencoder,
} from "./pretraining/autoencoder.js";
export type { Corruption, MaskingNoise } from "./pretraining/corruption.js";
export {
  type L1L2Options,
  l1,
  l1l2,
  l2,
  type OrthogonalRegularizerOptions,
  orthogonalRegularizer,
  type Regularizer,
  type RegularizerFunction,
  type RegularizerLike,
  type RegularizerName,
} from "./regularizers.js";
export type { Build } from "./runtime/bindings.js";
export {
  type InitOptions,
  type InitSyncOptions,
  init,
  initSync,
  type RuntimeInfo,
  runtimeInfo,
} from "./runtime/load.js";
export {
  byEpoch,
  type CosineDecayOptions,
  type CosineDecayRestartsOptions,
  cosineDecay,
  cosineDecayRestarts,
  type DecayOptions,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRate,
  type LearningRateSchedule,
  type OneCycleOptions,
  oneCycle,
  type PiecewiseConstantDecayOptions,
  type PlotScheduleOptions,
  type PolynomialDecayOptions,
  type PowerDecayOptions,
  piecewiseConstantDecay,
  plotSchedule,
  polynomialDecay,
  powerDecay,
  type RateDecayOptions,
  type WarmUpOptions,
  warmUp,
} from "./schedules.js";
export {
  type FindLearningRateOptions,
  findLearningRate,
  type LearningRateSweep,
} from "./tuning/findLearningRate.js";
export {
  type McPrediction,
  type McPredictOptions,
  mcPredict,
} from "./uncertainty/mcPredict.js";
export type { Distribution } from "./uncertainty/sampling.js";
export { onWarning, type Warning } from "./warnings.js";
