// Role: the public names of presets/. It must not hold code.
export type { PresetChoice, PresetPrintOption } from "./choices.js";
export {
  type DefaultDnnOptions,
  type DefaultDnnOwnOptions,
  defaultDnn,
  type Preset,
} from "./defaultDnn.js";
export type { EvenLayers, HiddenUnits } from "./hidden.js";
export type { PresetInputs, PresetRows, PresetShape } from "./inputs.js";
export {
  checkSelfNormalizing,
  type SelfNormalizingFault,
  type SelfNormalizingRule,
} from "./self-normalizing.js";
export {
  type SelfNormalizingDnnOptions,
  type SelfNormalizingDnnOwnOptions,
  selfNormalizingDnn,
} from "./selfNormalizingDnn.js";
export type { ClassesTask, LabelsTask, OutputsTask, PresetTask } from "./task.js";
export type {
  OneCycleSchedule,
  PerformanceSchedule,
  PresetFitOptions,
  PresetOptimizer,
  PresetSchedule,
  PresetTrainingOptions,
} from "./training.js";
