// Options that fit, evaluate and predict share, and giving way to other work while they run.
import type { Callback, CallbackModel, CallbackParams } from "../callbacks/callback.js";
import { CallbackList } from "../callbacks/callback.js";
import type { LaterChecks } from "../data/check.js";
import { isBatchSource } from "../data/stream.js";
import { checkNumber, checkOptions, describe, fail } from "../errors.js";
import { giveWay } from "../runtime/platform.js";

/** Options of everything that runs over batches. */
export interface RunOptions {
  /** Rows per batch, at least 1. Default: 32. */
  batchSize?: number;
  /** What is called on the way. Default: none. */
  callbacks?: readonly Callback[];
  /** Ends the run with its reason when it aborts; weights are those of the last step. Default: none. */
  signal?: AbortSignal;
  /** Milliseconds of work after which other work (painting, timers) gets a turn. Default: 12. */
  yieldEvery?: number;
}

/** The names of these options. */
export const runOptionNames = ["batchSize", "callbacks", "signal", "yieldEvery"] as const;

/** Options of arrays alone, and what stands in their place for batches that come one at a time. */
const onlyForArrays: Readonly<Record<string, string>> = {
  batchSize: "A batch has the rows that the iterator gives.",
  shuffle: "Let the iterator give them in another order each time.",
  validationSplit: "Give validationData.",
  sampleWeight: "Let the iterator give [x, y, sampleWeight].",
  worker: "The iterator runs here, and so does training.",
};

/**
 * Checks the names of a run's options; for batches that come one at a time they stand where arrays
 * have their targets.
 */
export function checkRun<T extends object>(
  where: string,
  streams: boolean,
  second: unknown,
  third: T | undefined,
  ofArrays: readonly string[],
  ofStreams: readonly string[],
  ofBoth: readonly string[] = [],
): T {
  if (!streams) {
    return checkOptions(where, third, [...runOptionNames, ...ofArrays, ...ofBoth]) as T;
  }
  if (third !== undefined || isBatchSource(second) || Array.isArray(second)) {
    fail(where, {
      expected: "one argument and options for batches from an iterator",
      received: describe(third ?? second),
      hint: `Targets come with the inputs: ${where}(batches, { … }) of [x, y].`,
    });
  }
  const given = (second ?? {}) as T;
  for (const [name, hint] of Object.entries(onlyForArrays)) {
    if (!(name in given) || ofStreams.includes(name)) continue;
    fail(where, { expected: `no ${name} for batches from an iterator`, received: "one", hint });
  }
  const common = runOptionNames.filter((name) => name !== "batchSize");
  return checkOptions(where, given, [...common, ...ofStreams, ...ofBoth]);
}

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
  readonly signal: AbortSignal | undefined;
  /** Milliseconds of work between turns of others. */
  readonly slice: number;
  #start = performance.now();

  constructor(where: string, { signal, yieldEvery = 12 }: RunOptions) {
    if (signal !== undefined && typeof signal?.aborted !== "boolean") {
      fail(where, { expected: "signal to be an AbortSignal", received: describe(signal) });
    }
    this.signal = signal;
    this.slice = checkNumber(where, "yieldEvery", yieldEvery, { min: 0 });
    this.check();
  }

  /** Throws the reason of an abort. */
  check(): void {
    this.signal?.throwIfAborted();
  }

  /** Whether it is time to give way. */
  get isDue(): boolean {
    return performance.now() - this.#start >= this.slice;
  }

  /** Waits for something outside; throws the reason of an abort as soon as it comes. */
  async wait<T>(coming: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    if (!signal) return coming;
    let stop = (): void => {};
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
    });
    try {
      return await Promise.race([coming, aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Gives way to other work. */
  async giveWay(): Promise<void> {
    await giveWay();
    this.#start = performance.now();
    this.check();
  }

  /** Runs checks of large data, giving way in between. */
  async through(checks: LaterChecks): Promise<void> {
    for (const check of checks) {
      check();
      if (this.isDue) await this.giveWay();
    }
  }
}
