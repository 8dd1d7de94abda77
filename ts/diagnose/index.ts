// Role: the public names of diagnose/. It must not hold code.
export type { InputFigures, OutputFigures, WeightNorms } from "../callbacks/step-probe.js";
export { type DiagnoseOptions, type Diagnosis, diagnose } from "./diagnose.js";
export type { DiagnosisThresholds, Finding, Sickness } from "./findings.js";
export type {
  DiagnosisReport,
  InputReport,
  LayerReport,
  StepReport,
  WeightReport,
} from "./report.js";
