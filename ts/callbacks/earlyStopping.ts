// Role: ends training when a watched number gets no better. It must not know
// models beyond what callbacks see of them.
import type { Tensor } from "../data/tensor.js";
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Callback, CallbackModel, CallbackParams, Logs } from "./callback.js";
import { Monitor, type MonitorOptions } from "./monitor.js";
import { printLine } from "./terminal.js";

/** Options of {@link earlyStopping}. `minDelta` is 0 by default. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which training ends; whole, >= 0, 0 by default. */
  readonly patience?: number;
  /** A value that must be beaten within `patience` epochs; none by default. */
  readonly baseline?: number;
  /**
   * Whether the model gets back the weights and statistics of its best epoch when
   * training ends, also when it ends without being stopped; false by default.
   */
  readonly restoreBestWeights?: boolean;
  /** Whether the optimizer gets back its state of that epoch as well; false by default. */
  readonly restoreOptimizerState?: boolean;
  /** Epochs at the start that do not count; whole, >= 0, 0 by default. */
  readonly startFromEpoch?: number;
  /** Whether to write a line when stopping and restoring; false by default. */
  readonly verbose?: boolean;
}

/** The callback {@link earlyStopping} makes, with what it found. */
export interface EarlyStopping extends Callback {
  /** The number (from 0) of the epoch that training was stopped in; null if it was not. */
  readonly stoppedEpoch: number | null;
  /** The number (from 0) of the best epoch; null before there is one. */
  readonly bestEpoch: number | null;
  /** The best value so far; null before there is one. */
  readonly best: number | null;
}

const names = [
  "monitor",
  "mode",
  "minDelta",
  "patience",
  "baseline",
  "restoreBestWeights",
  "restoreOptimizerState",
  "startFromEpoch",
  "verbose",
];

/**
 * Ends training when a watched number has not improved for `patience` epochs.
 *
 * Semantics are those of Keras 3's `EarlyStopping`; two things differ: a name that
 * is not in the logs is an error instead of a warning, and a first value of NaN is
 * beaten by any number (in Keras by none).
 * Source: https://keras.io/api/callbacks/early_stopping/
 * @throws GradusError for options out of range; when training begins (or after its
 *   first epoch) for a monitor that is not in the logs
 * @example
 * await model.fit(x, y, { validationSplit: 0.1, callbacks: [earlyStopping({ patience: 3, restoreBestWeights: true })] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  return new EarlyStoppingCallback(options);
}

const where = "earlyStopping";

class EarlyStoppingCallback implements EarlyStopping {
  stoppedEpoch: number | null = null;
  bestEpoch: number | null = null;
  best: number | null = null;
  readonly #monitor: Monitor;
  readonly #patience: number;
  readonly #startFromEpoch: number;
  readonly #baseline: number | undefined;
  readonly #keep: "nothing" | "weights" | "state";
  readonly #verbose: boolean;
  #model: CallbackModel | undefined;
  #kept: Record<string, Tensor> | undefined;
  #wait = 0;

  constructor(options: EarlyStoppingOptions) {
    const given = checkOptions(where, options, names);
    const count = { min: 0, integer: true };
    this.#monitor = new Monitor(where, given, 0);
    this.#patience = checkNumber(where, "patience", given.patience ?? 0, count);
    this.#startFromEpoch = checkNumber(where, "startFromEpoch", given.startFromEpoch ?? 0, count);
    this.#baseline =
      given.baseline === undefined ? undefined : checkNumber(where, "baseline", given.baseline);
    const weights = checkBoolean(where, "restoreBestWeights", given.restoreBestWeights ?? false);
    const state = checkBoolean(
      where,
      "restoreOptimizerState",
      given.restoreOptimizerState ?? false,
    );
    if (state && !weights) {
      fail(where, {
        expected: "restoreOptimizerState only together with restoreBestWeights",
        received: "restoreBestWeights: false",
      });
    }
    this.#keep = state ? "state" : weights ? "weights" : "nothing";
    this.#verbose = checkBoolean(where, "verbose", given.verbose ?? false);
  }

  setParams(params: CallbackParams): void {
    this.#monitor.check(params);
  }

  setModel(model: CallbackModel): void {
    if (this.#keep === "state" && (!model.saveState || !model.restoreState)) {
      fail(where, {
        expected: "a model that can save its state, for restoreOptimizerState",
        received: describe(model),
      });
    }
    this.#model = model;
  }

  onTrainBegin(): void {
    this.stoppedEpoch = null;
    this.bestEpoch = null;
    this.best = null;
    this.#monitor.reset();
    this.#kept = undefined;
    this.#wait = 0;
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const model = this.#model as CallbackModel;
    const value = this.#monitor.value(logs);
    if (value === undefined || epoch < this.#startFromEpoch) return;
    this.#wait++;
    if (this.#monitor.isBetter(value, this.best)) {
      this.best = value;
      this.#keepEpoch(epoch, model);
      if (this.#baseline === undefined || this.#monitor.isBetter(value, this.#baseline)) {
        this.#wait = 0;
      }
      return;
    }
    if (this.#wait >= this.#patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      model.stopTraining = true;
    }
  }

  onTrainEnd(): void {
    const model = this.#model as CallbackModel;
    if (this.#verbose && this.stoppedEpoch !== null) {
      printLine(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    }
    if (this.#kept === undefined) return;
    if (this.#verbose) {
      printLine(`Restoring the weights of the best epoch: ${(this.bestEpoch as number) + 1}`);
    }
    if (this.#keep === "state") model.restoreState?.(this.#kept);
    else model.setWeights(this.#kept);
    this.#kept = undefined;
  }

  #keepEpoch(epoch: number, model: CallbackModel): void {
    this.bestEpoch = epoch;
    if (this.#keep === "state") this.#kept = model.saveState?.();
    else if (this.#keep === "weights") this.#kept = model.getWeights();
  }
}
