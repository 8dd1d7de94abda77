// The loaded engine as the rest of gradus sees it: calls with errors in the user's language,
// views of its memory, and memory given back when its owner is gone.
import { GradusError } from "../errors.js";
import { type Engine, lastPanic } from "./bindings.js";

/** `where: expected …, received …. Hint: …`, the form of the core's errors. */
const coreError = /^([\s\S]+?): expected ([\s\S]+?), received ([\s\S]+?)\.(?: Hint: ([\s\S]+))?$/;

/** How the engine says so, too. */
const threadEnded = "a thread ended";

/** An engine and its memory. */
export class Core {
  /** Grows with everything after which addresses must be asked for anew. */
  layout = 0;
  readonly #engine: Engine;
  readonly #memory: WebAssembly.Memory;
  #broken: string | null = null;

  constructor(engine: Engine, memory: WebAssembly.Memory) {
    this.#engine = engine;
    this.#memory = memory;
  }

  /** Says that a thread is gone: its part of the work may be missing. */
  lose(reason: string): void {
    this.#broken ??= `${threadEnded}: ${reason}`;
  }

  /** The memory as it is now; it is another object after it has grown. */
  get buffer(): ArrayBufferLike {
    return this.#memory.buffer;
  }

  /** Numbers of the engine's memory, until `layout` or `buffer` change. */
  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  /** Calls the engine; what it throws becomes a GradusError that says `where`. */
  call<T>(where: string, ask: (engine: Engine) => T): T {
    if (this.#broken !== null) throw this.#internal(where, this.#broken);
    try {
      return ask(this.#engine);
    } catch (error) {
      throw this.explain(where, error);
    }
  }

  /** Calls the engine for something that moves memory. */
  change<T>(where: string, ask: (engine: Engine) => T): T {
    this.layout++;
    return this.call(where, ask);
  }

  /** The engine without a net, for calls where every microsecond counts; see `explain`. */
  get fast(): Engine {
    if (this.#broken !== null) throw this.#internal("run", this.#broken);
    return this.#engine;
  }

  /** What to throw when the engine threw `error`. */
  explain(where: string, error: unknown): Error {
    if (error instanceof GradusError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof WebAssembly.RuntimeError) {
      // After a panic the engine's state is unknown: nothing may go on with it.
      this.#broken = lastPanicOr(message);
      return this.#internal(where, this.#broken);
    }
    const [, place, expected, received, hint] = coreError.exec(message) ?? [];
    if (place === undefined || expected === undefined || received === undefined) {
      return this.#internal(where, message);
    }
    return new GradusError(place, { expected, received, ...(hint === undefined ? {} : { hint }) });
  }

  #internal(where: string, message: string): GradusError {
    if (message.includes(threadEnded)) {
      return new GradusError(where, {
        expected: "the threads of the engine to live",
        received: message,
        hint: "Load the page or process anew to go on; init() without threads works with one.",
      });
    }
    return new GradusError(where, {
      expected: "the engine to work",
      received: `internal error: ${message}`,
      hint: "This is a fault of gradus: please report it. Load the page or process anew to go on.",
    });
  }
}

function lastPanicOr(message: string): string {
  try {
    return lastPanic() || message;
  } catch {
    return message;
  }
}
