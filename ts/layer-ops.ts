// Operations that layers, losses and metrics are made of and users do not need:
// normalisation, dropout, cross-entropy, and effects on variables.
import { fail } from "./errors.js";
import type { GraphBuilder, GraphVariable, Sym } from "./graph.js";
import { one, toFloat } from "./ops.js";
import { type Dim, printDims, sameDims } from "./shape.js";
import type { ByteWriter } from "./wire.js";

function optional(gamma: Sym | null, beta: Sym | null): { flags: number; given: Sym[] } {
  const flags = (gamma ? 1 : 0) | (beta ? 2 : 0);
  return { flags, given: [gamma, beta].filter((sym) => sym !== null) };
}

/** Normalises with the statistics of the batch over all axes but the last. */
export function batchNorm(
  x: Sym,
  { gamma, beta, epsilon }: { gamma: Sym | null; beta: Sym | null; epsilon: number },
): { y: Sym; mean: Sym; variance: Sym } {
  const input = toFloat(x);
  const { flags, given } = optional(gamma, beta);
  const channel = { dims: x.dims.slice(-1), dtype: "float32" } as const;
  const results = [{ dims: x.dims, dtype: "float32" } as const, channel, channel];
  const write = (writer: ByteWriter) => writer.float(epsilon).byte(flags);
  const [y, mean, variance] = x.graph.add("batchNorm", [input, ...given], results, write);
  return { y: y as Sym, mean: mean as Sym, variance: variance as Sym };
}

/** Normalises with given statistics. */
export function normalize(
  x: Sym,
  options: { mean: Sym; variance: Sym; gamma: Sym | null; beta: Sym | null; epsilon: number },
): Sym {
  const { flags, given } = optional(options.gamma, options.beta);
  return one(
    "normalize",
    [toFloat(x), options.mean, options.variance, ...given],
    x.dims,
    (writer) => writer.float(options.epsilon).byte(flags),
  );
}

/** Normalises each row of the last axis by itself; with `rms` its mean counts as 0. */
export function layerNorm(
  x: Sym,
  options: { gamma: Sym | null; beta: Sym | null; epsilon: number; rms?: boolean },
): Sym {
  const { flags, given } = optional(options.gamma, options.beta);
  return one("layerNorm", [toFloat(x), ...given], x.dims, (writer) =>
    writer.float(options.epsilon).byte(flags | (options.rms ? 4 : 0)),
  );
}

/** Zeroes a share `rate` of the elements and scales up the rest. */
export function dropout(x: Sym, rate: number, stream: number): Sym {
  return one("dropout", [toFloat(x)], x.dims, (writer) => writer.float(rate).unsigned(stream));
}

/**
 * Random numbers: "normal" with mean and standard deviation; or "keep" with a rate, what dropout
 * makes of ones. The same for all rows where no extent is a multiple of the batch.
 */
export function random(
  graph: GraphBuilder,
  kind: "normal" | "keep",
  parameters: readonly number[],
  stream: number,
  dims: readonly Dim[],
): Sym {
  const write = (writer: ByteWriter) =>
    writer.text(kind).floats(parameters).unsigned(stream).dims(dims);
  return graph.add("random", [], [{ dims, dtype: "float32" }], write)[0] as Sym;
}

function checkRows(name: string, x: Sym, rows: readonly Dim[], labels: Sym): void {
  if (x.dims.length > 0 && sameDims(rows, labels.dims)) return;
  fail(x.graph.place(name), {
    expected: `targets of shape ${printDims(rows)} for predictions ${printDims(x.dims)}`,
    received: printDims(labels.dims),
  });
}

/** `-log softmax(logits)[label]` for each row. */
export function sparseCrossEntropy(logits: Sym, labels: Sym): Sym {
  const rows = logits.dims.slice(0, -1);
  checkRows("sparseCrossEntropy", logits, rows, labels);
  return one("sparseCrossEntropy", [toFloat(logits), labels], rows);
}

/** `-sum(targets * log softmax(logits))` for each row. */
export function crossEntropy(logits: Sym, targets: Sym): Sym {
  checkRows("crossEntropy", logits, logits.dims, targets);
  return one("crossEntropy", [toFloat(logits), toFloat(targets)], logits.dims.slice(0, -1));
}

/** 1 where the label is among the k largest predictions of its row, else 0. */
export function inTopK(predictions: Sym, labels: Sym, k: number): Sym {
  const rows = predictions.dims.slice(0, -1);
  checkRows("inTopK", predictions, rows, labels);
  return one("inTopK", [toFloat(predictions), labels], rows, (writer) => writer.unsigned(k));
}

/** The batch size as a number. */
export function batchSize(graph: GraphBuilder): Sym {
  const scalar = { dims: [], dtype: "float32" } as const;
  return graph.add("extent", [], [scalar], (writer) => writer.byte(1))[0] as Sym;
}

/** After the run: `variable = variable * momentum + value * (1 - momentum)`. */
export function updateMoving(variable: Sym, value: Sym, momentum: number): void {
  variable.graph.addEffect("updateMoving", [variable, value], (writer) => writer.float(momentum));
}

/** `variable = value` after everything of this graph has read the variable. */
export function assign(variable: Sym, value: Sym): void {
  variable.graph.addEffect("assign", [variable, value]);
}

/**
 * The running average of a weight over the steps, from the weight after the first one on; every
 * `overwrite` steps the weight becomes the average (0: never).
 */
export function averageWeight(
  average: Sym,
  weight: Sym,
  { momentum, overwrite }: { momentum: number; overwrite: number },
): void {
  average.graph.addEffect("average", [average, weight], (writer) =>
    writer.float(momentum).unsigned(overwrite),
  );
}

/** Adds values, each with its weight, to a running mean held in a variable of 4 numbers. */
export function accumulate(state: GraphVariable, values: Sym, weights: Sym | null): void {
  const { graph } = values;
  graph.addEffect("accumulate", [graph.variable(state), values, ...(weights ? [weights] : [])]);
}
