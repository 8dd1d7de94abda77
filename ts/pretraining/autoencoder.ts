// Unsupervised pretraining: an encoder learns from rows without labels by making codes from which
// a decoder can make the rows again. Everything here is models, compile, fit and predict.
import { type Activation, resolveActivation } from "../activations.js";
import type { Callback } from "../callbacks/callback.js";
import type { History } from "../callbacks/history.js";
import type { DataLike } from "../data/rows.js";
import { isTensor } from "../data/tensor.js";
import { checkBoolean, checkNumber, checkOneOf, checkOptions, describe, fail } from "../errors.js";
import { Layer } from "../layers/layer.js";
import type { LossLike } from "../losses.js";
import { Model } from "../models/model.js";
import { seedOf } from "../models/seed.js";
import { sequential } from "../models/sequential.js";
import { type OptimizerLike, resolveOptimizer } from "../optimizers.js";
import { loadedCore } from "../runtime/load.js";
import { type Corruption, resolveCorruption } from "./corruption.js";
import { decoderOf, type Stage, stagesOf } from "./stages.js";

/** Options of `pretrainAutoencoder`. */
export interface PretrainAutoencoderOptions {
  /**
   * `"whole"`: encoder and decoder are trained as one. `"greedy"`: one dense layer after the other,
   * each to restore the codes of those before it, which stay as they are meanwhile. Default:
   * `"whole"`.
   */
  mode?: "whole" | "greedy";
  /** Whether the decoder uses the encoder's kernels, transposed, with biases of its own. Default: false. */
  tied?: boolean;
  /**
   * Spoils what is read, and only while training: the rows to restore stay clean. `{ rate: 0.3 }`
   * sets that share to 0. In greedy training codes are spoilt, too. Default: none.
   */
  noise?: Corruption;
  /** What restored rows go through last: `"sigmoid"` for rows from 0 to 1. Default: `"linear"`. */
  outputActivation?: Activation;
  /**
   * What restored codes go through. Default: in whole training what the codes themselves went
   * through; in greedy training `"linear"`, since relu gives no gradient where it restores nothing.
   */
  codeActivation?: Activation;
  /**
   * What restored rows are compared by. Default: `"binaryCrossentropy"` for `outputActivation:
   * "sigmoid"`, else `"meanSquaredError"`.
   */
  loss?: LossLike;
  /** What restored codes are compared by in greedy training. Default: `"meanSquaredError"`. */
  codeLoss?: LossLike;
  /** How weights are changed. Default: `"adam"`. */
  optimizer?: OptimizerLike;
  /** How often all rows are seen; in greedy training by each stage, or one number for each. Default: 10. */
  epochs?: number | readonly number[];
  /** After greedy training, epochs in which the whole autoencoder is trained. Default: 0. */
  fineTuneEpochs?: number;
  /** Rows per batch. Default: 32. */
  batchSize?: number;
  /** The share of the rows, the last ones, to report `valLoss` of. Default: 0. */
  validationSplit?: number;
  /** Callbacks of each training, or a function that gives those of a training, from 0. Default: none. */
  callbacks?: readonly Callback[] | ((training: number) => readonly Callback[]);
  /** Fixes what is not fixed yet: initial weights, the order of rows, noise. Default: a random one. */
  seed?: number;
  /** The shape of one row. Default: what the layers or `x` say. */
  inputShape?: readonly number[];
  /** Ends training with its reason when it aborts. Default: none. */
  signal?: AbortSignal;
}

/** What `pretrainAutoencoder` gives back. */
export interface Pretrained {
  /** The layers that were given, as a model from rows to codes. */
  readonly encoder: Model;
  /** The encoder and the decoder behind it, compiled. */
  readonly autoencoder: Model;
  /** The history of each training: one, or one for each stage and one for fine-tuning. */
  readonly histories: readonly History[];
}

const optionNames = [
  "mode",
  "tied",
  "noise",
  "outputActivation",
  "codeActivation",
  "loss",
  "codeLoss",
  "optimizer",
  "epochs",
  "fineTuneEpochs",
  "batchSize",
  "validationSplit",
  "callbacks",
  "seed",
  "inputShape",
  "signal",
] as const;

/**
 * Trains layers on rows without labels, as the encoder of an autoencoder, for a network that has few
 * labelled rows. The decoder mirrors the encoder: for each dense layer, last first, one back to what
 * it reads. The layers given are trained themselves: use them, or `encoder`, in a new model.
 *
 * An encoder is a chain of dense layers and of layers that keep the shape (activations, dropout,
 * batch normalisation), over rows `[features]`. Layers that are not `trainable` stay as they are.
 * In greedy training the codes of all rows are held in memory, one layer at a time.
 *
 * Whole and greedy: Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647 (who train
 * restricted Boltzmann machines and then the whole: `fineTuneEpochs`); Bengio et al. 2007. Noise and
 * tied weights: Vincent et al. 2010, https://www.jmlr.org/papers/v11/vincent10a.html.
 *
 * @param encoder layers, or a model that is a chain of them
 * @param x rows of features
 * @param options how it is trained
 * @returns encoder, autoencoder and histories
 * @throws GradusError for layers that cannot be mirrored, and for options out of range
 *
 * @example
 * const layers = [dense({ units: 256, activation: "relu" }), dense({ units: 64, activation: "relu" })];
 * await pretrainAutoencoder(layers, x, {
 *   inputShape: [784], outputActivation: "sigmoid", noise: { rate: 0.3 }, epochs: 5, batchSize: 128,
 * });
 * const classifier = sequential({ layers: [...layers, dense({ units: 10, activation: "softmax" })] });
 */
export async function pretrainAutoencoder(
  encoder: Model | readonly Layer[],
  x: DataLike,
  options: PretrainAutoencoderOptions = {},
): Promise<Pretrained> {
  const where = "pretrainAutoencoder";
  const given = checkOptions(where, options, optionNames);
  const { outputActivation = "linear", optimizer = "adam" } = given;
  const mode = checkOneOf(where, given.mode ?? "whole", ["whole", "greedy"] as const);
  const tied = checkBoolean(where, "tied", given.tied ?? false);
  const corrupt = resolveCorruption(where, given.noise);
  const { codeActivation } = given;
  resolveActivation(`${where}: outputActivation`, outputActivation);
  if (codeActivation) resolveActivation(`${where}: codeActivation`, codeActivation);
  resolveOptimizer(where, optimizer);
  const byDefault = outputActivation === "sigmoid" ? "binaryCrossentropy" : "meanSquaredError";
  const { loss = byDefault, codeLoss = "meanSquaredError" } = given;
  const fineTuneEpochs = checkNumber(where, "fineTuneEpochs", given.fineTuneEpochs ?? 0, {
    integer: true,
    min: 0,
  });
  if (mode === "whole" && (given.codeLoss !== undefined || fineTuneEpochs > 0)) {
    fail(where, {
      expected: 'mode "greedy" for codeLoss and fineTuneEpochs',
      received: '"whole"',
    });
  }
  const seed = seedOf(where, given.seed).value;
  const whole = encoderOf(where, encoder, x, given.inputShape, seed);
  const stages = stagesOf(where, whole.graph);
  const epochs = epochsOf(where, given.epochs ?? 10, mode === "greedy" ? stages.length : 1);
  const decoders = stages.map((stage, i) => {
    const mirrored = mode === "greedy" ? "linear" : (stages[i - 1]?.activation ?? "linear");
    return decoderOf(stage, i === 0 ? outputActivation : (codeActivation ?? mirrored), tied);
  });
  const { inputs } = stages[0] as Stage;
  const autoencoder = sequential({
    name: "autoencoder",
    inputShape: [inputs],
    seed,
    layers: [...corrupt(), ...whole.layers, ...[...decoders].reverse()],
  });
  autoencoder.compile({ optimizer, loss });
  await loadedCore();
  // Weights are made here, the encoder's by its own seed, so that no training draws them again.
  if (encoder instanceof Model) encoder.getWeights();
  autoencoder.getWeights();

  const histories: History[] = [];
  const train = async (net: Model, rows: DataLike, count: number) => {
    const { batchSize, validationSplit, signal, callbacks = [] } = given;
    const list = typeof callbacks === "function" ? callbacks(histories.length) : callbacks;
    const optional = Object.entries({ batchSize, validationSplit, signal });
    const present = optional.filter(([, value]) => value !== undefined);
    const fitOptions = { epochs: count, callbacks: list, ...Object.fromEntries(present) };
    histories.push(await net.fit(rows, rows, fitOptions));
  };
  if (mode === "whole") {
    await train(autoencoder, x, epochs[0] as number);
    return { encoder: whole, autoencoder, histories };
  }
  let rows = x;
  for (const [i, stage] of stages.entries()) {
    const inputShape = [stage.inputs];
    const layers = [...corrupt(), ...stage.layers, decoders[i] as Layer];
    const net = sequential({ inputShape, layers, seed });
    net.compile({ optimizer, loss: i === 0 ? loss : codeLoss });
    await train(net, rows, epochs[i] as number);
    net.dispose();
    if (i === stages.length - 1) break;
    const coder = sequential({ inputShape, layers: stage.layers });
    rows = await coder.predict(
      rows,
      given.signal ? { batchSize: 256, signal: given.signal } : { batchSize: 256 },
    );
    coder.dispose();
  }
  if (fineTuneEpochs > 0) await train(autoencoder, x, fineTuneEpochs);
  return { encoder: whole, autoencoder, histories };
}

/** What was given, as a model. */
function encoderOf(
  where: string,
  given: Model | readonly Layer[],
  x: DataLike,
  inputShape: readonly number[] | undefined,
  seed: number,
): Model {
  if (given instanceof Model) {
    if (inputShape === undefined) return given;
    return fail(where, { expected: "no inputShape for a model", received: describe(inputShape) });
  }
  const [first] = Array.isArray(given) ? (given as readonly unknown[]) : [];
  if (!(first instanceof Layer)) {
    fail(where, {
      expected: "an encoder: a model, or an array of layers",
      received: describe(given),
    });
  }
  const built = first.state?.inputs[0]?.slice(1).map(({ factor }) => factor);
  const known = inputShape ?? built ?? first.inputShape ?? rowShapeOf(x);
  if (!known) {
    fail(where, {
      expected: "inputShape for rows in a flat array",
      received: "none",
      hint: "Add inputShape: [784].",
    });
  }
  return sequential({ name: "encoder", inputShape: known, layers: given as Layer[], seed });
}

/** The shape of a row, where data have one. */
function rowShapeOf(x: DataLike): readonly number[] | null {
  if (isTensor(x)) return x.shape.slice(1);
  const row: unknown = Array.isArray(x) ? x[0] : null;
  return Array.isArray(row) || ArrayBuffer.isView(row) ? [(row as Float32Array).length] : null;
}

/** The epochs of each stage. */
function epochsOf(
  where: string,
  given: number | readonly number[],
  stages: number,
): readonly number[] {
  const each = Array.isArray(given) ? given : Array.from({ length: stages }, () => given);
  if (each.length !== stages) {
    fail(where, {
      expected: `epochs to be a number or an array of ${stages}`,
      received: describe(given),
    });
  }
  return each.map((count) => checkNumber(where, "epochs", count, { integer: true, min: 1 }));
}
