// Role: what the rules reckon with: typical figures of several steps, gradients along the model,
// updates in proportion to weights. Plain numbers; it must not judge.
import type {
  ProbedCall,
  ProbedModel,
  ProbedWeight,
  StepFigures,
} from "../callbacks/step-probe.js";
import type { DiagnosisThresholds } from "./findings.js";

/** What the rules look at. */
export interface Case {
  readonly model: ProbedModel;
  /** The steps in question, in order; at least one. */
  readonly steps: readonly StepFigures[];
  /** The medians of their figures; of the last sound ones where they are not finite. */
  readonly typical: StepFigures;
  /** The first step that was measured at all. */
  readonly first: StepFigures;
  /** The first measured step with a number that is not finite; null where all were. */
  readonly broken: StepFigures | null;
  /** The losses of the epochs so far, as `fit` reports them. */
  readonly epochLosses: readonly number[];
  readonly thresholds: DiagnosisThresholds;
}

const isKernel = ({ shape }: ProbedWeight) => shape.length >= 2;

/** Of a change to a norm; NaN for a weight of zeros, about which a share says nothing. */
export function updateRatio({ weight, update }: { weight: number; update: number }): number {
  return weight === 0 ? Number.NaN : update / weight;
}

/** The root mean square of the gradients of a layer's kernels; null for one without. */
export function slopes({ model, typical }: Case): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [i, weight] of model.weights.entries()) {
    if (!isKernel(weight)) continue;
    const size = weight.shape.reduce((product, extent) => product * extent, 1);
    const slope = (typical.weights[i]?.gradient ?? 0) / Math.sqrt(size);
    found.set(weight.layer, Math.max(found.get(weight.layer) ?? 0, slope));
  }
  return found;
}

/** For each layer with kernels the largest slope behind it, of all layers and of the last ones. */
function slopesBehind(given: Case): ReadonlyMap<string, { any: number; last: number }> {
  const { model } = given;
  const slope = slopes(given);
  const first = model.inputs.length;
  const behind = model.calls.map(() => ({ any: Number.NaN, last: Number.NaN }));
  const larger = (a: number, b: number) => (Number.isNaN(a) || b > a ? b : a);
  const found = new Map<string, { any: number; last: number }>();
  for (let i = model.calls.length - 1; i >= 0; i--) {
    const call = model.calls[i] as ProbedCall;
    const own = slope.get(call.layer) ?? Number.NaN;
    const after = behind[i] as { any: number; last: number };
    // A layer that is used again behind itself is compared with others only.
    const known = found.get(call.layer);
    if (!Number.isNaN(own) && known === undefined) found.set(call.layer, after);
    const any = Number.isNaN(own) ? after.any : larger(after.any, own);
    const last = Number.isNaN(after.last) ? own : after.last;
    for (const source of call.sources) {
      const to = behind[source - first];
      if (!to) continue;
      to.any = larger(to.any, any);
      to.last = larger(to.last, last);
    }
  }
  return found;
}

/** Layers whose slope is out of proportion to those behind, and the most extreme proportion. */
export function disproportion(
  given: Case,
  compare: "any" | "last",
  isSick: (ratio: number) => boolean,
): { layers: readonly string[]; ratios: readonly number[] } {
  const slope = slopes(given);
  const behind = slopesBehind(given);
  const layers: string[] = [];
  const ratios: number[] = [];
  for (const [layer, own] of slope) {
    const other = behind.get(layer)?.[compare] ?? Number.NaN;
    if (!(other > 0) || !isSick(own / other)) continue;
    layers.push(layer);
    ratios.push(own / other);
  }
  return { layers, ratios };
}

/** Whether all numbers of a step are finite. */
export const isFine = (figures: StepFigures): boolean =>
  Number.isFinite(figures.loss) &&
  figures.calls.every(({ mean }) => Number.isFinite(mean)) &&
  figures.weights.every(({ weight, gradient, update }) =>
    [weight, gradient, update].every(Number.isFinite),
  );

/** Layers with weights that read an input, also through layers without. */
export function readersOf({ calls, inputs }: ProbedModel, input: number): readonly ProbedCall[] {
  const passed = new Set([input]);
  return calls.filter(({ hasWeights, activation, sources }, i) => {
    if (!sources.some((source) => passed.has(source))) return false;
    if (!hasWeights && activation === null) passed.add(inputs.length + i);
    return hasWeights;
  });
}

/** What a step changes kernels by, in proportion to their norms. */
export function kernelRatios({ model, typical }: Case): { layer: string; ratio: number }[] {
  return model.weights.flatMap((weight, i) => {
    const norms = typical.weights[i];
    const ratio = norms ? updateRatio(norms) : Number.NaN;
    return isKernel(weight) && !Number.isNaN(ratio) ? [{ layer: weight.layer, ratio }] : [];
  });
}

/** The median of the numbers that are finite; NaN where none is. */
function median(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (finite.length === 0) return values[0] ?? Number.NaN;
  const middle = finite.length >> 1;
  const upper = finite[middle] as number;
  return finite.length % 2 === 1 ? upper : ((finite[middle - 1] as number) + upper) / 2;
}

/** One set of figures with the median of each over several steps. */
export function typicalOf(steps: readonly StepFigures[]): StepFigures {
  const last = steps.at(-1) as StepFigures;
  const middle = (value: (figures: StepFigures) => number) => median(steps.map(value));
  const each = <T extends object>(
    list: readonly T[],
    of: (figures: StepFigures) => readonly T[],
  ): T[] =>
    list.map((entry, i) => {
      const names = Object.keys(entry) as (keyof T)[];
      const medians = names.map((name) => {
        if (entry[name] === null) return [name, null];
        return [name, middle((figures) => of(figures)[i]?.[name] as number)];
      });
      return Object.fromEntries(medians) as T;
    });
  return {
    step: last.step,
    rows: middle(({ rows }) => rows),
    loss: middle(({ loss }) => loss),
    inputs: each(last.inputs, ({ inputs }) => inputs),
    calls: each(last.calls, ({ calls }) => calls),
    weights: each(last.weights, ({ weights }) => weights),
  };
}
