// Who works with a model right now. While it trains, other calls are refused, except from its
// callbacks; evaluations and predictions that come together take turns.
import type { HookResult } from "../callbacks/callback.js";
import { fail } from "../errors.js";

/** What kind of call it is. */
export type CallKind =
  /** Changes weights over time: fit, trainOnBatch. */
  | "trains"
  /** Leaves the model as it is: evaluate, predict. */
  | "reads"
  /** Done at once, and changes the model: setWeights. */
  | "changes"
  /** Done at once, and takes away what running calls use: compile, dispose. */
  | "replaces";

/** Work one after the other. */
class Queue {
  /** How many are running or waiting. */
  length = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the work when all before it is done; at once when there is none. */
  async add<T>(work: () => Promise<T>): Promise<T> {
    const before = this.length++ > 0 ? this.#last : null;
    const mine = (async () => {
      if (before) await before.catch(() => {});
      return work();
    })();
    this.#last = mine;
    try {
      return await mine;
    } finally {
      this.length--;
    }
  }

  /** Runs work at once; only where there is none. What is added meanwhile waits for its end. */
  now<T>(work: () => T): T {
    this.length++;
    try {
      return work();
    } finally {
      this.length--;
    }
  }

  /** Waits until there is no work. */
  async idle(): Promise<void> {
    while (this.length > 0) await this.#last.catch(() => {});
  }
}

/** What a model is busy with. */
export class Activity {
  /** The call that trains, if one does. */
  #training: string | null = null;
  #hooks = 0;
  #disposed = false;
  readonly #calls = new Queue();
  readonly #callsFromHooks = new Queue();

  /** Refuses a call that does not go together with what is running. */
  check(where: string, kind: CallKind): void {
    if (this.#disposed) {
      fail(where, { expected: "a model in use", received: "one that was disposed of" });
    }
    const fromHook = this.#hooks > 0 && (kind === "reads" || kind === "changes");
    const busy = kind === "reads" || kind === "trains" ? this.#training : this.#busy;
    if (busy === null || fromHook) return;
    fail(where, {
      expected: "one call at a time",
      received: `a call while ${busy} is running`,
      hint:
        kind === "reads" || kind === "changes"
          ? `Await ${busy} first, or call ${where} in a callback.`
          : `Await ${busy} first.`,
    });
  }

  /** Runs work that passed `check` just before. */
  async run<T>(where: string, kind: "trains" | "reads", work: () => Promise<T>): Promise<T> {
    // The call that the hook belongs to goes on when the hook is done.
    if (this.#hooks > 0) return this.#callsFromHooks.add(work);
    if (kind === "reads") return this.#calls.add(work);
    this.#training = where;
    try {
      return await this.#calls.add(work);
    } finally {
      this.#training = null;
    }
  }

  /**
   * As `run` for work that never waits. Where nothing else is running it is done at once, without
   * the promises that small work would spend more time on than on itself.
   */
  runNow<T>(where: string, kind: "trains" | "reads", work: () => T): T | Promise<T> {
    if (this.#hooks > 0 || this.#calls.length > 0) return this.run(where, kind, async () => work());
    if (kind === "reads") return this.#calls.now(work);
    this.#training = where;
    try {
      return this.#calls.now(work);
    } finally {
      this.#training = null;
    }
  }

  /** Calls a callback, which may use the model meanwhile. */
  hook(call: () => HookResult): HookResult {
    this.#hooks++;
    let result: HookResult;
    try {
      result = call();
    } catch (error) {
      this.#hooks--;
      throw error;
    }
    if (typeof result?.then === "function") {
      return Promise.resolve(result).finally(() => {
        this.#hooks--;
      });
    }
    this.#hooks--;
    return undefined;
  }

  /** Waits for calls that a callback made and did not wait for. */
  callsFromHooks(): Promise<void> {
    return this.#callsFromHooks.idle();
  }

  /** Nothing may be called from now on. */
  dispose(): void {
    this.#disposed = true;
  }

  get #busy(): string | null {
    if (this.#training !== null) return this.#training;
    return this.#calls.length + this.#callsFromHooks.length > 0 ? "another call" : null;
  }
}
