// Role: the record of a training run that fit gives back. It must not compute.
import type { Callback, CallbackParams, Logs } from "./callback.js";

/** The losses and metrics of each epoch of a run of `fit`. */
export interface History {
  /** The numbers of the epochs, from 0. */
  readonly epoch: readonly number[];
  /** One value per epoch for each name: `loss`, `accuracy`, `valLoss`, … */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** What was known about the run when it began. */
  readonly params: CallbackParams;
}

/**
 * The callback that fills a {@link History}. Call it last, so that it sees what
 * the others add to the logs.
 */
export class HistoryRecorder implements History, Callback {
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};
  params: CallbackParams = { epochs: 0, steps: null, samples: null, batchSize: 0 };

  setParams(params: CallbackParams): void {
    this.params = params;
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= [];
      (this.history[name] as number[]).push(value);
    }
  }
}
