// Role: batches that come one at a time, from an iterable or async iterable of the user's: asking
// for the next one only when it is wanted, beginning anew, and letting go. It must not know what is
// in a batch.
import { describe, fail } from "../errors.js";
import { isTensor } from "./tensor.js";

/**
 * Where batches come from, one at a time: an iterable or async iterable (an array of rows is data
 * and no such thing), or a function that makes one. Each pass over the data begins anew; an iterator
 * such as a running generator cannot, so that for several epochs the function is what is wanted.
 */
export type BatchSource<Batch> =
  | (Iterable<Batch> & NoArray)
  | AsyncIterable<Batch>
  | (() => Iterable<Batch> | AsyncIterable<Batch>);

/** What arrays are not. */
interface NoArray {
  readonly length?: never;
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Whether a value is a source of batches; arrays, typed arrays and tensors are data. */
export function isBatchSource(value: unknown): value is BatchSource<unknown> {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value) || ArrayBuffer.isView(value) || isTensor(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

/** The end of a stream. */
export const end = Symbol("end");

const hasThen = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null)?.then === "function";

/** One item after the other out of a source; nothing is asked for before it is wanted. */
export class ItemStream {
  /** Whether it can begin anew. */
  readonly restarts: boolean;
  /** Whether the items of the present iterator are used up. */
  ended = true;
  readonly #where: string;
  readonly #name: string;
  readonly #source: BatchSource<unknown>;
  /** What the first pass uses, where it had to be made to know what it is. */
  #first: AnyIterator | null = null;
  #iterator: AnyIterator | null = null;
  /** Whether an item is being waited for. */
  #waits = false;

  constructor(where: string, name: string, source: BatchSource<unknown>) {
    this.#where = where;
    this.#name = name;
    this.#source = source;
    if (typeof source === "function" || "getReader" in source) {
      // A ReadableStream gives each of its items once, and is locked by who iterates over it.
      this.restarts = typeof source === "function";
    } else {
      this.#first = this.#iterate(source);
      // A generator is its own iterator.
      this.restarts = (this.#first as unknown) !== source;
    }
  }

  /** Begins, or begins anew where that is possible; else goes on. */
  begin(): void {
    if (this.#iterator && !this.restarts) return;
    const source = this.#source;
    this.#iterator = this.#first ?? this.#iterate(typeof source === "function" ? source() : source);
    this.#first = null;
    this.ended = false;
  }

  /** The next item, or `end`; a promise where the source is asynchronous. */
  next(): unknown {
    const iterator = this.#iterator;
    if (iterator === null || this.ended) return end;
    // An iterator that throws is done, as in for-await: it is not told to return.
    this.ended = true;
    const result = iterator.next();
    if (!hasThen(result)) return this.#take(result);
    this.#waits = true;
    return Promise.resolve(result)
      .finally(() => {
        this.#waits = false;
      })
      .then((found) => this.#take(found));
  }

  /**
   * Lets go of the source: an iterator that has more is told so. Does not wait for one that an item
   * is still expected from.
   */
  async close(): Promise<void> {
    const iterator = this.#iterator ?? this.#first;
    const [ended, waits] = [this.ended && this.#iterator !== null, this.#waits];
    this.#iterator = null;
    this.#first = null;
    this.ended = true;
    if (!iterator?.return || (ended && !waits)) return;
    const returned = iterator.return();
    if (!hasThen(returned)) return;
    if (waits) (returned as Promise<unknown>).catch(() => {});
    else await returned;
  }

  #take(result: unknown): unknown {
    if (typeof result !== "object" || result === null) {
      return fail(this.#where, {
        expected: `${this.#name} to be an iterator with results { value, done }`,
        received: describe(result),
      });
    }
    const { done, value } = result as IteratorResult<unknown>;
    if (done) return end;
    this.ended = false;
    return value;
  }

  #iterate(source: unknown): AnyIterator {
    const given = source as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
    const iterator = given?.[Symbol.asyncIterator]?.() ?? given?.[Symbol.iterator]?.();
    if (typeof iterator?.next === "function") return iterator;
    return fail(this.#where, {
      expected: `${this.#name} to be an iterable of batches, or a function that makes one`,
      received:
        typeof this.#source === "function"
          ? `one that makes ${describe(source)}`
          : describe(source),
      ...(hasThen(source) ? { hint: "Make it an async generator: async function* () { … }." } : {}),
    });
  }
}
