// Role: the public names of callbacks/. It must not hold code.
export type {
  Callback,
  CallbackModel,
  CallbackNeeds,
  CallbackParams,
  HookResult,
  Logs,
} from "./callback.js";
export { type CsvLoggerOptions, csvLogger } from "./csvLogger.js";
export { type EarlyStopping, type EarlyStoppingOptions, earlyStopping } from "./earlyStopping.js";
export type { History, HistoryLists } from "./history.js";
export { lambdaCallback } from "./lambdaCallback.js";
export {
  type LearningRateSchedulerOptions,
  learningRateScheduler,
  type ReduceLearningRateOnPlateauOptions,
  reduceLearningRateOnPlateau,
} from "./learningRate.js";
export type { MonitorMode, MonitorOptions } from "./monitor.js";
export { plotHistory } from "./plotHistory.js";
export { type ProgressBarOptions, progressBar } from "./progressBar.js";
export type { TextStream } from "./terminal.js";
export { terminateOnNaN } from "./terminateOnNaN.js";
