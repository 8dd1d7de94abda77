// Where the batches of a run come from: rows of arrays, or a stream of the user's. The loops of
// fit, evaluate and predict go over either in one way. Nothing is computed here.
import type { DataLike } from "../data/rows.js";
import { type BatchSource, end, ItemStream } from "../data/stream.js";
import { checkNumber, describe, fail } from "../errors.js";
import type { Activity } from "./activity.js";
import { type AnyData, type ModelData, readInputs } from "./input-data.js";
import { readLabelled } from "./labelled-data.js";
import type { ModelState } from "./model-state.js";
import { isRecord } from "./parts.js";
import type { Pace } from "./run-options.js";
import type { TrainingSetup } from "./training-setup.js";

/** A batch of labelled data, as an iterator gives it: inputs, targets, maybe a weight for each row. */
export type Batch<X = DataLike, Y = DataLike> =
  | readonly [x: X, y: Y]
  | readonly [x: X, y: Y, sampleWeight: AnyData]
  | {
      /** Inputs. */
      readonly x: X;
      /** Targets, one for each row. */
      readonly y: Y;
      /** How much each row counts in the loss, at least 0. Default: 1 each. */
      readonly sampleWeight?: AnyData;
    };

/** Batches of labelled data, one at a time. */
export type Batches<X = DataLike, Y = DataLike> = BatchSource<Batch<X, Y>>;

/** One batch: rows of data, and the program that takes them. */
export interface Step<Prepared> {
  readonly data: ModelData;
  readonly prepared: Prepared;
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly to: number;
}

/** Data, and what the longest batch of them will be: what a program is compiled for. */
export type Prepare<Prepared> = (data: ModelData, batchSize: number) => Prepared;

/** What is known of the data before a run begins. */
export interface Feed {
  /** Batches of a pass; null where the data do not say. */
  readonly steps: number | null;
  /** Rows of a pass; null where the data do not say. */
  readonly samples: number | null;
  /** Rows of a batch; null where the data do not say. */
  readonly batchSize: number | null;
  /** Gets ready; `orderOf` gives the order of the rows in each pass. */
  start<Prepared>(prepare: Prepare<Prepared>, orderOf?: () => Uint32Array | null): Passes<Prepared>;
}

/** Passes over the data, one after the other. */
export interface Passes<Prepared> {
  /** Begins a pass; false where there are no batches any more. */
  begin(pace: Pace): boolean | Promise<boolean>;
  /** The first batch of the pass that has begun. */
  readonly first: Step<Prepared>;
  /** The next batch of the pass; null after the last. It is overwritten by the one after it. */
  next(pace: Pace): Step<Prepared> | null | Promise<Step<Prepared> | null>;
  /** Lets go of the data. */
  close(): void | Promise<void>;
}

/** Rows of arrays in batches of one size, the last one maybe shorter. */
export class ArrayFeed implements Feed {
  readonly data: ModelData;
  readonly steps: number;
  readonly samples: number;
  readonly batchSize: number;

  constructor(data: ModelData, batchSize: number) {
    this.data = data;
    this.samples = data.count;
    this.batchSize = batchSize;
    this.steps = Math.ceil(data.count / batchSize);
  }

  start<Prepared>(
    prepare: Prepare<Prepared>,
    orderOf: () => Uint32Array | null = () => null,
  ): Passes<Prepared> {
    const { batchSize, data } = this;
    const { count } = data;
    const step = {
      data,
      prepared: prepare(data, batchSize),
      order: null as Uint32Array | null,
      from: 0,
      to: 0,
    };
    return {
      first: step,
      begin() {
        step.order = orderOf();
        step.to = 0;
        return true;
      },
      next() {
        if (step.to >= count) return null;
        step.from = step.to;
        step.to = Math.min(step.from + batchSize, count);
        return step;
      },
      close() {},
    };
  }
}

/** How a stream is read. */
export interface StreamOptions {
  /** What the user calls it: `validationData`. */
  readonly name: string;
  /** What its batches are called in errors: `batch`. */
  readonly batch: string;
  /** Batches of a pass. Default: all there are. */
  readonly steps?: number | undefined;
  /** What says so: `stepsPerEpoch`. */
  readonly stepsName: string;
  /** How many passes there will be. */
  readonly passes: number;
  /** Whether a pass of so many steps goes on where the one before ended, or begins anew. */
  readonly goesOn: boolean;
}

/** How a stream is read that is gone over once. */
export const onePass = {
  name: "x",
  batch: "batch",
  stepsName: "steps",
  passes: 1,
  goesOn: false,
} as const;

/** Checks a batch; `where` names it. */
type Read = (where: string, given: unknown) => ModelData;

/** Batches of a stream of the user's. */
export class StreamFeed implements Feed {
  readonly steps: number | null;
  readonly samples = null;
  readonly batchSize = null;
  readonly #where: string;
  readonly #activity: Activity;
  readonly #stream: ItemStream;
  readonly #read: Read;
  readonly #options: StreamOptions;

  constructor(
    where: string,
    { activity }: ModelState,
    source: BatchSource<unknown>,
    read: Read,
    options: StreamOptions,
  ) {
    const { name, passes, steps, stepsName } = options;
    const whole = { integer: true, min: 1 };
    this.steps = steps === undefined ? null : checkNumber(where, stepsName, steps, whole);
    this.#where = where;
    this.#activity = activity;
    this.#read = read;
    this.#options = options;
    this.#stream = new ItemStream(where, name, source);
    if (passes > 1 && this.steps === null && !this.#stream.restarts) {
      fail(where, {
        expected: `${name} that can begin anew for each of ${passes} epochs`,
        received: "an iterator, which can be used once",
        hint: `Give the function that makes it, () => batches(), or ${stepsName}.`,
      });
    }
  }

  start<Prepared>(prepare: Prepare<Prepared>): Passes<Prepared> {
    const read = (place: string, given: unknown): Step<Prepared> => {
      const data = this.#read(place, given);
      return { data, prepared: prepare(data, data.count), order: null, from: 0, to: data.count };
    };
    return new StreamPasses(
      this.#where,
      this.#activity,
      this.#stream,
      this.steps,
      this.#options,
      read,
    );
  }
}

class StreamPasses<Prepared> implements Passes<Prepared> {
  readonly #where: string;
  readonly #activity: Activity;
  readonly #stream: ItemStream;
  readonly #steps: number | null;
  readonly #options: StreamOptions;
  readonly #read: (place: string, given: unknown) => Step<Prepared>;
  #pass = -1;
  /** Batches of this pass that were asked for. */
  #taken = 0;
  /** The first batch of a pass: it is fetched when the pass begins, to see whether there is one. */
  #ahead: Step<Prepared> | null = null;
  #hasWarned = false;

  constructor(
    where: string,
    activity: Activity,
    stream: ItemStream,
    steps: number | null,
    options: StreamOptions,
    read: (place: string, given: unknown) => Step<Prepared>,
  ) {
    this.#where = where;
    this.#activity = activity;
    this.#stream = stream;
    this.#steps = steps;
    this.#options = options;
    this.#read = read;
  }

  async begin(pace: Pace): Promise<boolean> {
    const { goesOn, name } = this.#options;
    const stream = this.#stream;
    this.#pass++;
    this.#taken = 0;
    const continues = goesOn && this.#steps !== null && !stream.ended;
    if (!continues) await this.#beginAnew();
    this.#ahead = await this.#fetch(pace);
    // The pass before may have ended just where the data do.
    if (this.#ahead === null && continues && stream.restarts) {
      await this.#beginAnew();
      this.#ahead = await this.#fetch(pace);
    }
    if (this.#ahead !== null) return true;
    if (this.#pass > 0 && !stream.restarts) {
      this.#warn();
      return false;
    }
    return fail(this.#where, {
      expected: `${name} to have at least one batch`,
      received: this.#pass > 0 ? `none in pass ${this.#pass + 1}` : "none",
      ...(this.#pass > 0 ? { hint: "Let the function make a new iterator at each call." } : {}),
    });
  }

  get first(): Step<Prepared> {
    return this.#ahead as Step<Prepared>;
  }

  next(pace: Pace): Step<Prepared> | null | Promise<Step<Prepared> | null> {
    const ahead = this.#ahead;
    if (ahead === null) return this.#fetch(pace);
    this.#ahead = null;
    return ahead;
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  async #beginAnew(): Promise<void> {
    // What a pass of so many steps left over is let go of.
    if (this.#stream.restarts && !this.#stream.ended) await this.#stream.close();
    this.#stream.begin();
  }

  #fetch(pace: Pace): Step<Prepared> | null | Promise<Step<Prepared> | null> {
    if (this.#taken === this.#steps) return null;
    let item: unknown;
    // As in a callback, the model may be asked meanwhile: what it finds hard, for example.
    const wait = this.#activity.hook(() => {
      item = this.#stream.next();
      if (!(item instanceof Promise)) return;
      return pace.wait(item).then((found) => {
        item = found;
      });
    });
    return wait ? wait.then(() => this.#take(item)) : this.#take(item);
  }

  #take(item: unknown): Step<Prepared> | null {
    if (item === end) {
      if (this.#steps !== null && this.#taken > 0) this.#warn();
      return null;
    }
    const epoch = this.#options.passes > 1 ? ` of epoch ${this.#pass}` : "";
    return this.#read(`${this.#where}: ${this.#options.batch} ${this.#taken++}${epoch}`, item);
  }

  /** As in Keras: training goes on without what is missing. */
  #warn(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { name, passes, stepsName } = this.#options;
    const wanted = `${passes > 1 ? `${passes} times ` : ""}${this.#steps} batches (${stepsName})`;
    console.warn(
      `${this.#where}: ${name} ran out of data after ${this.#taken} batches of epoch ${this.#pass}; ${wanted} were wanted. Hint: Give a function that makes the iterator anew, or fewer steps.`,
    );
  }
}

/** How batches of labelled data are checked. */
export function labelledReader(
  state: ModelState,
  setup: TrainingSetup,
  classWeight?: Readonly<Record<number, number>>,
): Read {
  return (where, given) => {
    const { x, y, sampleWeight } = labelledBatch(where, given);
    return readLabelled(where, state.graph, setup, { x, y, sampleWeight, classWeight });
  };
}

/** How batches of inputs are checked. */
export function inputReader(state: ModelState): Read {
  return (where, given) => readInputs(where, state.graph, given as AnyData);
}

function labelledBatch(
  where: string,
  given: unknown,
): { x: AnyData; y: AnyData; sampleWeight?: AnyData } {
  if (Array.isArray(given) && (given.length === 2 || given.length === 3)) {
    const [x, y, sampleWeight] = given;
    return { x, y, sampleWeight };
  }
  const names = ["x", "y", "sampleWeight"];
  if (isRecord(given) && "y" in given && Object.keys(given).every((key) => names.includes(key))) {
    return given as never;
  }
  return fail(where, {
    expected: "[x, y], [x, y, sampleWeight] or { x, y, sampleWeight }",
    received: describe(given),
  });
}
