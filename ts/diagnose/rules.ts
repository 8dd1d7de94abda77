// Role: what is sick, from the figures of some steps: one rule per sickness, with its limit, where
// that comes from, and the remedy. Pure functions of plain numbers; they must not print.
import { type Case, disproportion, isFine, kernelRatios, readersOf, slopes } from "./analysis.js";
import type { Finding, Sickness } from "./findings.js";

/** What a rule found: where, and what it saw. */
type Signs = Pick<Finding, "layers" | "evidence"> | null;

interface Rule {
  readonly sickness: Sickness;
  readonly title: string;
  readonly remedy: string;
  /** Null where all is well; `before` holds what earlier rules found. */
  find(given: Case, before: readonly Finding[]): Signs;
}

/** Rows from which on a unit that is 0 for all of them counts as dead. */
const leastRows = 8;

/** Numbers as they stand in evidence: three digits. */
export function figure(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const unique = (names: readonly string[]) => [...new Set(names)];
/** The names of layers for which `test` holds, and the largest of what it was asked about. */
function where(
  { model, typical }: Case,
  value: (call: number) => number | null,
  limit: number,
): { layers: readonly string[]; worst: number } {
  let worst = 0;
  const layers = typical.calls.flatMap((_, i) => {
    const found = value(i);
    if (found === null || !(found > limit)) return [];
    worst = Math.max(worst, found);
    return model.calls[i]?.layer ?? [];
  });
  return { layers: unique(layers), worst };
}

const has = (findings: readonly Finding[], ...sicknesses: Sickness[]) =>
  findings.some(({ sickness }) => sicknesses.includes(sickness));

function explodes(given: Case): Signs {
  const { first, steps, typical, thresholds } = given;
  const { exploding, gradientNorm, deviation } = thresholds;
  const grown = where(given, (i) => typical.calls[i]?.deviation ?? null, deviation);
  const joint = Math.hypot(...typical.weights.map(({ gradient }) => gradient));
  const growing = disproportion(given, "last", (ratio) => ratio > exploding);
  const seen: string[] = [];
  if (!isFine(first) && steps.includes(first)) {
    seen.push("the very first step met numbers that are not finite");
  }
  if (joint > gradientNorm) seen.push(`the norm of all gradients is ${figure(joint)}`);
  if (growing.layers.length > 0) {
    seen.push(
      `gradients are up to ${figure(Math.max(...growing.ratios))} times as large as in the last layers`,
    );
  }
  if (grown.layers.length > 0) {
    seen.push(`outputs have a standard deviation of up to ${figure(grown.worst)}`);
  }
  if (seen.length === 0) return null;
  return { layers: unique([...growing.layers, ...grown.layers]), evidence: seen.join("; ") };
}

/** In the order of what to look at first. */
const rules: readonly Rule[] = [
  {
    sickness: "notFinite",
    title: "numbers that are not finite",
    remedy:
      "find the cause among the other findings; restore earlier weights, lower the learning rate, clip gradients (clipNorm), and end such runs early with terminateOnNaN().",
    find({ model, broken: bad, epochLosses }) {
      const loss = epochLosses.at(-1);
      if (!bad) {
        if (loss === undefined || Number.isFinite(loss)) return null;
        return { layers: [], evidence: `the loss of the epoch is ${loss}` };
      }
      const call = model.calls.find((_, i) => !Number.isFinite(bad.calls[i]?.mean));
      const weight = model.weights.find((_, i) => {
        const norms = bad.weights[i];
        return norms && ![norms.gradient, norms.weight, norms.update].every(Number.isFinite);
      });
      const at = call?.layer ?? weight?.layer;
      const what = call
        ? `the outputs of ${call.layer} are not finite`
        : weight
          ? `the gradient or the new values of ${weight.name} are not finite`
          : "it is not finite";
      return {
        layers: at === undefined ? [] : [at],
        evidence: `at step ${bad.step} the loss is ${figure(bad.loss)}, and ${what}`,
      };
    },
  },
  {
    sickness: "unscaledInputs",
    title: "inputs not standardised",
    remedy:
      "give each feature mean 0 and standard deviation 1 (or divide pixels by 255), with the figures of the training data; or begin with batchNormalization().",
    find({ model, typical, thresholds: { largeInput, smallInput } }) {
      const sick = typical.inputs.flatMap(({ mean, deviation, largest }, i) => {
        // Normalisation takes any scale, and indices have none.
        const anyScale = readersOf(model, i).every(({ kind }) =>
          /normalization|embedding/i.test(kind),
        );
        const small = Math.hypot(mean, deviation) < smallInput;
        if (anyScale || !(largest > largeInput || small)) return [];
        const name = model.inputs[i] as string;
        const text = `${name} has mean ${figure(mean)} and standard deviation ${figure(deviation)}, its largest feature a root mean square of ${figure(largest)}`;
        return [{ name, text }];
      });
      if (sick.length === 0) return null;
      return {
        layers: sick.map(({ name }) => name),
        evidence: sick.map(({ text }) => text).join("; "),
      };
    },
  },
  {
    sickness: "explodingGradients",
    title: "exploding gradients",
    remedy:
      "start from smaller weights (heNormal for relu, glorotUniform for tanh and sigmoid, lecunNormal for selu), clip gradients (globalClipNorm: 1), or normalise between layers (batchNormalization()); scale targets of regression.",
    find: explodes,
  },
  {
    sickness: "deadUnits",
    title: "dead units",
    remedy:
      "lower the learning rate, start from heNormal weights and biases of 0, or use leakyRelu, elu or selu; dead units do not come back by themselves: train anew.",
    find(given) {
      const { typical, thresholds } = given;
      if (typical.rows < leastRows) return null;
      const { layers, worst } = where(
        given,
        (i) => typical.calls[i]?.dead ?? null,
        thresholds.dead,
      );
      if (layers.length === 0) return null;
      return {
        layers,
        evidence: `up to ${percent(worst)} of the units of a layer are 0 for every row`,
      };
    },
  },
  {
    sickness: "saturatedUnits",
    title: "saturated activations",
    remedy:
      "start from smaller weights (glorotUniform), normalise before the activation (batchNormalization()), lower the learning rate, or use relu or selu.",
    find(given) {
      const { model, typical, thresholds } = given;
      const share = (i: number) =>
        model.calls[i]?.isOutput ? null : (typical.calls[i]?.saturated ?? null);
      const { layers, worst } = where(given, share, thresholds.saturated);
      if (layers.length === 0) return null;
      return {
        layers,
        evidence: `up to ${percent(worst)} of the outputs of a layer are at the limits of its activation`,
      };
    },
  },
  {
    sickness: "vanishingGradients",
    title: "vanishing gradients",
    remedy:
      "use relu with heNormal or selu with lecunNormal weights in place of sigmoid and tanh, glorotUniform weights with those, batchNormalization() or residual connections (add) between layers.",
    find(given, before) {
      const { thresholds } = given;
      const { layers, ratios } = disproportion(
        given,
        "any",
        (ratio) => ratio < thresholds.vanishing,
      );
      // Nothing flows through dead units: that has been said.
      if (has(before, "deadUnits") && ratios.every((ratio) => ratio === 0)) return null;
      if (layers.length > 0) {
        return {
          layers,
          evidence: `gradients shrink to ${figure(Math.min(...ratios))} of those of the layers behind`,
        };
      }
      const slope = [...slopes(given)];
      const allGone = slope.length > 0 && slope.every(([, value]) => value === 0);
      if (!allGone || given.typical.loss === 0 || has(before, "deadUnits")) return null;
      return { layers: slope.map(([layer]) => layer), evidence: "all gradients are 0" };
    },
  },
  {
    sickness: "learningRateTooHigh",
    title: "too high a learning rate",
    remedy:
      "divide the learning rate by 3 to 10, warm it up, or clip gradients; an update should change a weight by about a thousandth.",
    find(given) {
      const { first, steps, typical, epochLosses, thresholds } = given;
      // What exploded from the start is not the learning rate's doing.
      if (explodes({ ...given, typical: first })) return null;
      const seen: string[] = [];
      const high = kernelRatios(given).filter(({ ratio }) => ratio > thresholds.highUpdate);
      if (high.length > 0) {
        const worst = Math.max(...high.map(({ ratio }) => ratio));
        seen.push(`a step changes a kernel by up to ${figure(worst)} of its norm`);
      }
      const loss = epochLosses.at(-1) ?? typical.loss;
      const best = Math.min(first.loss, ...epochLosses.slice(0, -1));
      // A loss that was tiny may double by chance.
      const limit = thresholds.risingLoss * Math.max(best, 0.1 * Math.abs(first.loss));
      if (isFine(first) && (given.broken || !Number.isFinite(loss))) {
        seen.push(`the loss was ${figure(first.loss)} at first and is not finite any more`);
      } else if (loss > limit && steps.at(-1) !== first && first.loss > 0) {
        seen.push(
          `the loss rose from ${figure(epochLosses.length > 1 ? best : first.loss)} to ${figure(loss)}`,
        );
      }
      if (seen.length === 0) return null;
      return { layers: unique(high.map(({ layer }) => layer)), evidence: seen.join("; ") };
    },
  },
  {
    sickness: "learningRateTooLow",
    title: "too low a learning rate",
    remedy:
      "multiply the learning rate by 3 to 10; an update should change a weight by about a thousandth.",
    find(given, before) {
      const { first, steps, typical, thresholds } = given;
      if (steps.at(-1) === first || has(before, "deadUnits", "vanishingGradients")) return null;
      const ratios = kernelRatios(given).map(({ ratio }) => ratio);
      if (ratios.length === 0 || ratios.some((ratio) => ratio > thresholds.lowUpdate)) return null;
      if (!(typical.loss > 0.9 * first.loss) || typical.loss === 0) return null;
      return {
        layers: [],
        evidence: `a step changes no kernel by more than ${figure(Math.max(...ratios))} of its norm, and the loss went from ${figure(first.loss)} to ${figure(typical.loss)}`,
      };
    },
  },
];

/** What is sick, in the order of what to look at first; empty: nothing. */
export function judge(given: Case): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { sickness, title, remedy, find } of rules) {
    const signs = find(given, findings);
    if (signs) findings.push({ sickness, title, ...signs, remedy });
  }
  return findings;
}
