// Role: the callbacks that set the learning rate between epochs. It must not
// hold schedules by step: those are in schedules/.
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Callback, CallbackModel } from "./callback.js";
import { Monitor, type MonitorOptions } from "./monitor.js";
import { printLine } from "./terminal.js";

/** Options of {@link learningRateScheduler}. */
export interface LearningRateSchedulerOptions {
  /** Whether to write a line for each epoch; false by default. */
  readonly verbose?: boolean;
}

/**
 * Sets the learning rate at the start of each epoch from a function, and writes
 * it into the logs as `learningRate`.
 * Source: https://keras.io/api/callbacks/learning_rate_scheduler/
 * @param schedule gets the number of the epoch (from 0) and the present learning
 *   rate, and gives the new one
 * @param options whether to tell
 * @throws GradusError in training for anything but a number >= 0
 * @example
 * learningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.9));
 */
export function learningRateScheduler(
  schedule: (epoch: number, learningRate: number) => number,
  options: LearningRateSchedulerOptions = {},
): Callback {
  const where = "learningRateScheduler";
  if (typeof schedule !== "function") {
    fail(where, {
      expected: "a function of the epoch and the learning rate",
      received: describe(schedule),
    });
  }
  const given = checkOptions(where, options, ["verbose"]);
  const verbose = checkBoolean(where, "verbose", given.verbose ?? false);
  let model: CallbackModel;
  return {
    setModel(given) {
      model = given;
    },
    onEpochBegin(epoch) {
      const rate = schedule(epoch, model.learningRate);
      checkNumber(where, `the learning rate of epoch ${epoch}`, rate, { min: 0 });
      model.learningRate = rate;
      if (verbose) printLine(`Epoch ${epoch + 1}: learning rate ${rate}`);
    },
    onEpochEnd(_, logs) {
      logs.learningRate = model.learningRate;
    },
  };
}

/** Options of {@link reduceLearningRateOnPlateau}. `minDelta` is 0.0001 by default. */
export interface ReduceLearningRateOnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied with; > 0 and < 1, 0.1 by default. */
  readonly factor?: number;
  /** Epochs without improvement before that; whole, >= 0, 10 by default. */
  readonly patience?: number;
  /** Epochs to wait after a reduction before counting again; whole, >= 0, 0 by default. */
  readonly cooldown?: number;
  /** The lowest learning rate; >= 0, 0 by default. */
  readonly minLearningRate?: number;
  /** Whether to write a line for each reduction; false by default. */
  readonly verbose?: boolean;
}

const names = [
  "monitor",
  "mode",
  "minDelta",
  "factor",
  "patience",
  "cooldown",
  "minLearningRate",
  "verbose",
];

/**
 * Performance scheduling: lowers the learning rate when a watched number has not
 * improved for `patience` epochs, and writes it into the logs as `learningRate`.
 *
 * Semantics are those of Keras 3's `ReduceLROnPlateau`; two things differ: a name
 * that is not in the logs is an error instead of a warning, and a first value of
 * NaN is beaten by any number (in Keras by none).
 * Source: https://keras.io/api/callbacks/reduce_lr_on_plateau/
 * @throws GradusError for options out of range; when training begins (or after its
 *   first epoch) for a monitor that is not in the logs
 */
export function reduceLearningRateOnPlateau(
  options: ReduceLearningRateOnPlateauOptions = {},
): Callback {
  const where = "reduceLearningRateOnPlateau";
  const given = checkOptions(where, options, names);
  const monitor = new Monitor(where, given, 1e-4);
  const factor = checkNumber(where, "factor", given.factor ?? 0.1, {
    exclusiveMin: 0,
    exclusiveMax: 1,
  });
  const count = { min: 0, integer: true };
  const patience = checkNumber(where, "patience", given.patience ?? 10, count);
  const cooldown = checkNumber(where, "cooldown", given.cooldown ?? 0, count);
  const lowest = checkNumber(where, "minLearningRate", given.minLearningRate ?? 0, { min: 0 });
  const verbose = checkBoolean(where, "verbose", given.verbose ?? false);

  let model: CallbackModel;
  let best: number | null = null;
  let wait = 0;
  let cooling = 0;

  function reduce(epoch: number): void {
    const old = model.learningRate;
    // The model may hold its learning rate in float32.
    if (old <= Math.fround(lowest)) return;
    const rate = Math.max(old * factor, lowest);
    model.learningRate = rate;
    if (verbose) printLine(`Epoch ${epoch + 1}: learning rate reduced to ${rate}`);
    cooling = cooldown;
    wait = 0;
  }

  return {
    setParams(params) {
      monitor.check(params);
    },
    setModel(given) {
      model = given;
    },
    onTrainBegin() {
      monitor.reset();
      best = null;
      wait = 0;
      cooling = 0;
    },
    onEpochEnd(epoch, logs) {
      logs.learningRate = model.learningRate;
      const value = monitor.value(logs);
      if (value === undefined) return;
      if (cooling > 0) {
        cooling--;
        wait = 0;
      }
      if (monitor.isBetter(value, best)) {
        best = value;
        wait = 0;
      } else if (cooling === 0) {
        wait++;
        if (wait >= patience) reduce(epoch);
      }
    },
  };
}
