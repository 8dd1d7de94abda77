// Role: the 1cycle schedule of learning rate and momentum. It must not know
// optimizers; values are those of PyTorch's OneCycleLR.
import { checkBoolean, checkNumber, checkOneOf, checkOptions, fail } from "../errors.js";
import type { LearningRateSchedule } from "./schedule.js";

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** The highest learning rate, reached after `pctStart` of the steps; > 0. */
  readonly maxLearningRate: number;
  /** The number of steps of the whole cycle: epochs times batches per epoch; whole, > 0. */
  readonly totalSteps: number;
  /** The share of the steps in which the learning rate rises; in [0, 1], 0.3 by default. */
  readonly pctStart?: number;
  /** The first learning rate is `maxLearningRate / divFactor`; > 0, 25 by default. */
  readonly divFactor?: number;
  /** The last learning rate is the first divided by `finalDivFactor`; > 0, 10000 by default. */
  readonly finalDivFactor?: number;
  /** The curve between the turning points; "cos" by default. */
  readonly anneal?: "cos" | "linear";
  /** Whether to fall back to the first learning rate before the last fall; false by default. */
  readonly threePhase?: boolean;
  /** The momentum where the learning rate is highest; in [0, 1), 0.85 by default. */
  readonly baseMomentum?: number;
  /** The momentum at the start and the end; in [0, 1), 0.95 by default. */
  readonly maxMomentum?: number;
  /** Whether the momentum (Adam's `beta1`) is cycled against the learning rate; true by default. */
  readonly cycleMomentum?: boolean;
}

/** A stretch of the cycle, from the end of the one before up to and with step `end`. */
interface Phase {
  readonly end: number;
  readonly learningRate: readonly [from: number, to: number];
  readonly momentum: readonly [from: number, to: number];
}

const curves = {
  cos: (from: number, to: number, p: number) =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * p)),
  linear: (from: number, to: number, p: number) => (to - from) * p + from,
} as const;

const names = [
  "maxLearningRate",
  "totalSteps",
  "pctStart",
  "divFactor",
  "finalDivFactor",
  "anneal",
  "threePhase",
  "baseMomentum",
  "maxMomentum",
  "cycleMomentum",
] as const;

function checkOneCycle(options: OneCycleOptions): Required<OneCycleOptions> {
  const where = "oneCycle";
  const given = checkOptions(where, options, names);
  const positive = (name: "maxLearningRate" | "divFactor" | "finalDivFactor", byDefault?: number) =>
    checkNumber(where, name, given[name] ?? byDefault, { exclusiveMin: 0 });
  const momentum = (name: "baseMomentum" | "maxMomentum", byDefault: number) =>
    checkNumber(where, name, given[name] ?? byDefault, { min: 0, exclusiveMax: 1 });
  const config = {
    maxLearningRate: positive("maxLearningRate"),
    totalSteps: checkNumber(where, "totalSteps", given.totalSteps, { min: 1, integer: true }),
    pctStart: checkNumber(where, "pctStart", given.pctStart ?? 0.3, { min: 0, max: 1 }),
    divFactor: positive("divFactor", 25),
    finalDivFactor: positive("finalDivFactor", 1e4),
    anneal: checkOneOf(`${where}: anneal`, given.anneal ?? "cos", ["cos", "linear"] as const),
    threePhase: checkBoolean(where, "threePhase", given.threePhase ?? false),
    baseMomentum: momentum("baseMomentum", 0.85),
    maxMomentum: momentum("maxMomentum", 0.95),
    cycleMomentum: checkBoolean(where, "cycleMomentum", given.cycleMomentum ?? true),
  };
  if (config.baseMomentum > config.maxMomentum) {
    fail(where, {
      expected: `baseMomentum to be at most maxMomentum, ${config.maxMomentum}`,
      received: String(config.baseMomentum),
    });
  }
  if (config.threePhase && config.pctStart > 0.5) {
    fail(where, {
      expected: "pctStart to be at most 0.5 with threePhase, where rise and fall take it twice",
      received: String(config.pctStart),
    });
  }
  return config;
}

function phasesOf(config: Required<OneCycleOptions>): readonly Phase[] {
  const { maxLearningRate: top, totalSteps, pctStart, baseMomentum, maxMomentum } = config;
  const first = top / config.divFactor;
  const last = first / config.finalDivFactor;
  const rise: Phase = {
    end: pctStart * totalSteps - 1,
    learningRate: [first, top],
    momentum: [maxMomentum, baseMomentum],
  };
  const end = totalSteps - 1;
  if (!config.threePhase) {
    return [rise, { end, learningRate: [top, last], momentum: [baseMomentum, maxMomentum] }];
  }
  return [
    rise,
    {
      end: 2 * pctStart * totalSteps - 2,
      learningRate: [top, first],
      momentum: [baseMomentum, maxMomentum],
    },
    { end, learningRate: [first, last], momentum: [maxMomentum, maxMomentum] },
  ];
}

/**
 * The 1cycle schedule: the learning rate rises to `maxLearningRate` and falls far
 * below where it began, while the momentum falls and rises.
 *
 * Values are those of PyTorch's `OneCycleLR`. After `totalSteps` the last
 * learning rate is held (PyTorch throws there).
 * Source: Smith & Topin 2017, https://arxiv.org/abs/1708.07120,
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 * @throws GradusError for options out of range
 * @example
 * const totalSteps = epochs * Math.ceil(rows / batchSize);
 * adamW({ learningRate: oneCycle({ maxLearningRate: 3e-3, totalSteps }) });
 */
export function oneCycle(options: OneCycleOptions): LearningRateSchedule {
  const config = checkOneCycle(options);
  const phases = phasesOf(config);
  const curve = curves[config.anneal];

  const at = (t: number, quantity: "learningRate" | "momentum"): number => {
    const step = Math.min(t, config.totalSteps - 1);
    const found = phases.findIndex((phase) => step <= phase.end);
    const index = found < 0 ? phases.length - 1 : found;
    const phase = phases[index] as Phase;
    const begin = index === 0 ? 0 : (phases[index - 1] as Phase).end;
    const length = phase.end - begin;
    const [from, to] = phase[quantity];
    // A cycle of one or two steps may have a phase without length: it is at its end.
    return curve(from, to, length === 0 ? 1 : (step - begin) / length);
  };

  return {
    name: "oneCycle",
    by: "step",
    learningRate: (step) => at(step, "learningRate"),
    ...(config.cycleMomentum ? { momentum: (step: number) => at(step, "momentum") } : {}),
    getConfig: () => config,
  };
}
