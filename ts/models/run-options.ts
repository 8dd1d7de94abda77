// Options that fit, evaluate and predict share, and giving way to other work while they run.
import type { Callback, CallbackModel, CallbackParams } from "../callbacks/callback.js";
import { CallbackList } from "../callbacks/callback.js";
import { checkNumber, describe, fail } from "../errors.js";
import { giveWay } from "../runtime/platform.js";

/** Options of everything that runs over batches. */
export interface RunOptions {
  /** Rows per batch, at least 1. Default: 32. */
  batchSize?: number;
  /** What is called on the way. Default: none. */
  callbacks?: readonly Callback[];
  /** Ends the run with its reason when it aborts; the weights are those of the last step. */
  signal?: AbortSignal;
  /** Milliseconds of work after which other work (painting, timers) gets a turn. Default: 12. */
  yieldEvery?: number;
}

/** The names of these options. */
export const runOptionNames = ["batchSize", "callbacks", "signal", "yieldEvery"] as const;

/** Checks the size of a batch. */
export function batchSizeOf(where: string, given: number | undefined, name = "batchSize"): number {
  return checkNumber(where, name, given ?? 32, { integer: true, min: 1 });
}

/** The callbacks of a run as one list. */
export function callbackList(
  where: string,
  options: RunOptions,
  last: readonly Callback[],
  model: CallbackModel,
  params: CallbackParams,
): CallbackList {
  const given: unknown = options.callbacks ?? [];
  if (!Array.isArray(given)) {
    return fail(where, { expected: "callbacks to be an array", received: describe(given) });
  }
  return new CallbackList([...given, ...last], model, params, where);
}

/** Watches the time and the signal of a run. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  readonly #slice: number;
  #start = performance.now();

  constructor(where: string, { signal, yieldEvery = 12 }: RunOptions) {
    if (signal !== undefined && typeof signal?.aborted !== "boolean") {
      fail(where, { expected: "signal to be an AbortSignal", received: describe(signal) });
    }
    this.#signal = signal;
    this.#slice = checkNumber(where, "yieldEvery", yieldEvery, { min: 0 });
    this.check();
  }

  /** Throws the reason of an abort. */
  check(): void {
    this.#signal?.throwIfAborted();
  }

  /** Whether it is time to give way. */
  get isDue(): boolean {
    return performance.now() - this.#start >= this.#slice;
  }

  /** Gives way to other work. */
  async giveWay(): Promise<void> {
    await giveWay();
    this.#start = performance.now();
    this.check();
  }
}
