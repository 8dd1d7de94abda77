// The loaded engine as the rest of gradus sees it: calls with errors in the user's language,
// views of its memory, and memory given back when its owner is gone.
import { type ErrorDetail, GradusError } from "../errors.js";
import { type Engine, threaded, whyStopped } from "./bindings.js";

/** `where: expected …, received …. Hint: …`, the form of the core's errors. */
const coreError = /^([\s\S]*?): expected ([\s\S]+?), received ([\s\S]+?)\.(?: Hint: ([\s\S]+))?$/;

/** An engine and its memory. */
export class Core {
  /** Grows with everything after which addresses must be asked for anew. */
  layout = 0;
  readonly #engine: Engine;
  readonly #memory: WebAssembly.Memory;
  #broken: ErrorDetail | null = null;

  constructor(engine: Engine, memory: WebAssembly.Memory) {
    this.#engine = engine;
    this.#memory = memory;
  }

  /** Says that a thread is gone: its part of the work may be missing. */
  lose(reason: string): void {
    if (threaded) this.#broken ??= withoutThread(reason);
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
    if (this.#broken) throw new GradusError(where, this.#broken);
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

  /** Calls the engine to give something back; nothing is left to give in one that broke down. */
  release(ask: (engine: Engine) => void): void {
    if (!this.#broken) this.change("free", ask);
  }

  /** The engine without a net, for calls where every microsecond counts; see `explain`. */
  get fast(): Engine {
    if (this.#broken) throw new GradusError("run", this.#broken);
    return this.#engine;
  }

  /** What to throw when the engine threw `error`. */
  explain(where: string, error: unknown): Error {
    if (error instanceof GradusError) return error;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof WebAssembly.RuntimeError) {
      // The engine's state is unknown now: nothing may go on with it.
      this.#broken ??= this.#whyStopped(error);
      return new GradusError(where, this.#broken);
    }
    const [, place, expected, received, hint] = coreError.exec(message) ?? [];
    if (place === undefined || expected === undefined || received === undefined) {
      return new GradusError(where, internal(message));
    }
    return new GradusError(place || where, {
      expected,
      received,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #whyStopped(error: WebAssembly.RuntimeError): ErrorDetail {
    const why = whyStopped();
    if (threaded && why === stopped.threadEnded) {
      return withoutThread("one that computes ended by itself");
    }
    if (why !== stopped.noMemory) return internal(`${error.message}${placeOf(error)}`);
    return {
      expected: "memory for the engine's own work",
      received: `none left beyond ${Math.round(this.buffer.byteLength / 1e6)} MB`,
      hint: `WebAssembly has 4 GB at most. ${anew}, with fewer or smaller models and batches.`,
    };
  }
}

/** What the engine's `whyStopped` answers. */
const stopped = { noMemory: 1, threadEnded: 2 };

const anew = "Load the page or process anew to go on";

function withoutThread(reason: string): ErrorDetail {
  return {
    expected: "the threads of the engine to live",
    received: `a thread ended: ${reason}`,
    hint: `${anew}; init() without threads works with one.`,
  };
}

function internal(message: string): ErrorDetail {
  return {
    expected: "the engine to work",
    received: `internal error: ${message}`,
    hint: `This is a fault of gradus: please report it. ${anew}.`,
  };
}

/** Where in the engine it happened, as far as the stack says: something to report. */
function placeOf({ stack = "" }: WebAssembly.RuntimeError): string {
  const [place] = /wasm-function\[\d+\](?::0x[\da-f]+)?/.exec(stack) ?? [];
  return place === undefined ? "" : ` in ${place}`;
}
