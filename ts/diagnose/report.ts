// Role: what a diagnosis says, as data and as text without control characters. It must not judge.
import type {
  InputFigures,
  OutputFigures,
  ProbedModel,
  StepFigures,
  WeightNorms,
} from "../callbacks/step-probe.js";
import { updateRatio } from "./analysis.js";
import type { Finding } from "./findings.js";
import { figure } from "./rules.js";

/** The figures of a trained weight. */
export interface WeightReport extends WeightNorms {
  /** Layer and weight: `dense/kernel`. */
  readonly name: string;
  /** The norm of the update in proportion to that of the weight; NaN where the weight is 0. */
  readonly updateRatio: number;
}

/** The figures of one use of a layer. */
export interface LayerReport extends OutputFigures {
  /** The name of the layer in the model. */
  readonly name: string;
  /** The factory that made it: `dense`. */
  readonly kind: string;
  /** The activation that made its output; null where none did. */
  readonly activation: string | null;
  /** Its trained weights; none from the second use of a layer on. */
  readonly weights: readonly WeightReport[];
}

/** The figures of an input of the model. */
export interface InputReport extends InputFigures {
  /** Its name in the model. */
  readonly name: string;
}

/** The figures of one training step. */
export interface StepReport {
  /** Steps the optimizer had made before. */
  readonly step: number;
  /** Rows of the batch. */
  readonly rows: number;
  /** The loss of the batch before the step. */
  readonly loss: number;
  /** The inputs of the model. */
  readonly inputs: readonly InputReport[];
  /** Each use of a layer, in the order of the model. */
  readonly layers: readonly LayerReport[];
}

/** What was found up to the end of an epoch. Its own figures are medians over the epoch's steps. */
export interface DiagnosisReport extends StepReport {
  /** The number of the epoch, from 0. */
  readonly epoch: number;
  /** How many steps were measured in it. */
  readonly measured: number;
  /** What is sick, in the order of what to look at first. */
  readonly findings: readonly Finding[];
  /** Whether nothing is. */
  readonly healthy: boolean;
  /** All measured steps of this `fit`; of very many, evenly chosen ones. */
  readonly history: readonly StepReport[];
}

/** Figures with the names of what they belong to. */
export function nameFigures(model: ProbedModel, figures: StepFigures): StepReport {
  const seen = new Set<string>();
  const weightsOf = (layer: string): WeightReport[] => {
    if (seen.has(layer)) return [];
    seen.add(layer);
    return model.weights.flatMap((weight, i) => {
      const norms = figures.weights[i];
      if (weight.layer !== layer || !norms) return [];
      return [{ name: weight.name, ...norms, updateRatio: updateRatio(norms) }];
    });
  };
  return {
    step: figures.step,
    rows: figures.rows,
    loss: figures.loss,
    inputs: figures.inputs.map((input, i) => ({ name: model.inputs[i] as string, ...input })),
    layers: model.calls.map(({ layer, kind, activation }, i) => ({
      name: layer,
      kind,
      activation,
      ...(figures.calls[i] as OutputFigures),
      weights: weightsOf(layer),
    })),
  };
}

const head = [
  "Layer",
  "activation",
  "mean",
  "std",
  "saturated",
  "dead",
  "weight",
  "|w|",
  "|gradient|",
  "|update|/|w|",
];

/** How many columns at the left are words. */
const wordColumns = 2;

function rowsOf({ name, activation, mean, deviation, saturated, dead, weights }: LayerReport) {
  const share = (value: number | null) => (value === null ? "-" : `${Math.round(100 * value)} %`);
  const own = [
    name,
    activation ?? "-",
    figure(mean),
    figure(deviation),
    share(saturated),
    share(dead),
  ];
  const numbers = weights.map((weight) => [
    weight.name.slice(weight.name.lastIndexOf("/") + 1),
    figure(weight.weight),
    figure(weight.gradient),
    Number.isNaN(weight.updateRatio) ? "-" : figure(weight.updateRatio),
  ]);
  const [first = ["", "", "", ""], ...others] = numbers;
  return [[...own, ...first], ...others.map((row) => [...own.map(() => ""), ...row])];
}

function tableOf(rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) =>
        i < wordColumns ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number),
      )
      .join("  ")
      .trimEnd(),
  );
}

/** `dense, dense_1 and dense_2`; of many the first and the last, and how many. */
function listOf(names: readonly string[]): string {
  if (names.length > 4) return `${names[0]} to ${names.at(-1)} (${names.length})`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The verdict in plain words. */
export function verdictOf({ findings }: Pick<DiagnosisReport, "findings">): string {
  if (findings.length === 0) return "Verdict: healthy.";
  const lines = findings.flatMap(({ title, layers, evidence, remedy }) => [
    `  ${title}${layers.length > 0 ? ` in ${listOf(layers)}` : ""}: ${evidence}.`,
    `    Remedy: ${remedy}`,
  ]);
  return ["Verdict:", ...lines].join("\n");
}

/** The report as a table and a verdict. */
export function textOf(report: DiagnosisReport): string {
  const { epoch, measured, loss, step, inputs, layers } = report;
  const inputLines = inputs.map(
    ({ name, mean, deviation }) => `${name}: mean ${figure(mean)}, std ${figure(deviation)}`,
  );
  return [
    `Diagnosis of epoch ${epoch + 1}: ${measured === 1 ? "1 step" : `${measured} steps`} measured, the last is step ${step}; loss ${figure(loss)}`,
    `Inputs: ${inputLines.join("; ")}`,
    ...tableOf([head, ...layers.flatMap(rowsOf)]),
    verdictOf(report),
  ].join("\n");
}
