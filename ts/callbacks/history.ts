// Role: the record of a training run that fit gives back. It must not compute.
import { showAsText, showInNotebooks } from "../inspect.js";
import type { Callback, CallbackParams, Logs } from "./callback.js";
import { plotHistory } from "./plotHistory.js";

/** The lists of a history under their names, as far as these are known. */
export type HistoryLists<Names extends string, Maybe extends string> = string extends Names
  ? Readonly<Record<string, readonly number[]>>
  : { readonly [K in Names]: readonly number[] } & {
      /** Of callbacks that report it. */
      readonly [K in Maybe | "learningRate"]?: readonly number[];
    };

/**
 * The losses and metrics of each epoch of a run of `fit`. `Names` are those that the types know to
 * be there, `Maybe` those that may be; any, by default.
 */
export interface History<Names extends string = string, Maybe extends string = never> {
  /** The numbers of the epochs, from 0. */
  readonly epoch: readonly number[];
  /** One value per epoch for each name: `loss`, `accuracy`, `valLoss`, … */
  readonly history: HistoryLists<Names, Maybe>;
  /** What was known about the run when it began. */
  readonly params: CallbackParams;
  /** `history of 20 epochs`; `console.log` shows first and last values, too. */
  toString(): string;
}

/**
 * The callback that fills a {@link History}. Call it last, so that it sees what
 * the others add to the logs.
 */
export class HistoryRecorder implements History, Callback {
  readonly needs = "logs";
  readonly epoch: number[] = [];
  readonly history: Record<string, number[]> = {};
  params: CallbackParams = { epochs: 0, steps: null, samples: null, batchSize: 0 };

  constructor() {
    const text = (self: HistoryRecorder) => [String(self), ...self.#lines()].join("\n");
    showAsText(HistoryRecorder.prototype, text);
    showInNotebooks(HistoryRecorder.prototype, (self) => ({
      "text/plain": text(self),
      ...(self.epoch.length > 0 ? { "image/svg+xml": plotHistory(self).toSVG() } : {}),
    }));
  }

  toString(): string {
    const count = this.epoch.length;
    return `history of ${count} epoch${count === 1 ? "" : "s"}`;
  }

  /** First and last value of each. */
  #lines(): string[] {
    const digits = (value = Number.NaN) => String(Number(value.toPrecision(5)));
    const names = Object.keys(this.history);
    const width = Math.max(...names.map((name) => name.length));
    return Object.entries(this.history).map(([name, values]) => {
      const way = values.length > 1 ? `${digits(values[0])} -> ` : "";
      return `  ${name.padEnd(width)}  ${way}${digits(values.at(-1))}`;
    });
  }

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
