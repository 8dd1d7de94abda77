// `fit` in a worker, as `fit` sees it: what the worker gets, batches that run there, and weights
// that come over when somebody may look at them. See protocol.ts for the shape of it. It must not
// know epochs: these are fit's.
import type { CallbackList, CallbackNeeds, HookName, Logs } from "../../callbacks/callback.js";
import { fail } from "../../errors.js";
import type { Core } from "../../runtime/core.js";
import { loadedModule } from "../../runtime/load.js";
import { giveWay } from "../../runtime/platform.js";
import type { Variable } from "../../runtime/resources.js";
import type { ArrayFeed } from "../feed.js";
import type { ModelData } from "../input-data.js";
import { lowerEvaluation, lowerTraining, type Variant } from "../lowering.js";
import type { ModelState } from "../model-state.js";
import type { Pace } from "../run-options.js";
import type { StepWatch } from "../step-watch.js";
import { keptFor, type TrainingSetup } from "../training-setup.js";
import type { Job, Range, RemoteProgram, SetName } from "./protocol.js";
import { RemoteWorker } from "./remote-worker.js";

/** Numbers sent at once: copying them takes a millisecond or two. */
const sendLength = 1 << 20;

/** Batches whose rates are sent at once. */
const mostBatches = 4096;

/** What a `fit` in a worker is made for. */
export interface RemotePlan {
  readonly training: ArrayFeed;
  readonly validation: ArrayFeed | null;
  readonly shuffle: boolean;
}

/** Hooks that are called around each batch. */
const batchHooks = {
  train: ["onTrainBatchBegin", "onTrainBatchEnd"],
  test: ["onTestBatchBegin", "onTestBatchEnd"],
} as const;

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** A `fit` whose steps are made in a worker. */
export class RemoteFit {
  readonly #where: string;
  readonly #core: Core;
  readonly #state: ModelState;
  readonly #setup: TrainingSetup;
  readonly #plan: RemotePlan;
  readonly #callbacks: CallbackList;
  readonly #pace: Pace;
  readonly #worker: RemoteWorker;
  /** All that training changes, but running means. */
  readonly #variables: ReadonlyMap<number, Variable>;
  /** Whether the worker has made steps since the weights last came over. */
  #stale = false;
  /** Whether weights were set here since the worker last got them. */
  #changed = false;
  /** How far training had come when the weights last came over. */
  #counts: Readonly<Record<"iterations" | "epoch" | "draws" | "epochs", number>>;
  #pulling: Promise<void> | null = null;
  readonly #isStopped: () => boolean;

  private constructor(
    core: Core,
    where: string,
    state: ModelState,
    setup: TrainingSetup,
    plan: RemotePlan,
    callbacks: CallbackList,
    pace: Pace,
    isStopped: () => boolean,
  ) {
    this.#core = core;
    this.#where = where;
    this.#state = state;
    this.#setup = setup;
    this.#plan = plan;
    this.#callbacks = callbacks;
    this.#pace = pace;
    this.#isStopped = isStopped;
    this.#counts = this.#now;
    const weights = state.graph.weights.map(({ variable }) => variable);
    const changing = [...weights, ...setup.trainables.flatMap(keptFor)];
    this.#variables = new Map(changing.map((variable) => [variable.id, variable]));
    this.#worker = new RemoteWorker(where);
  }

  /** Starts a worker and gives it all it needs; when that fails, nothing has changed. */
  static async start(
    core: Core,
    where: string,
    state: ModelState,
    setup: TrainingSetup,
    plan: RemotePlan,
    watch: StepWatch | null,
    callbacks: CallbackList,
    pace: Pace,
    isStopped: () => boolean,
  ): Promise<RemoteFit> {
    const remote = new RemoteFit(core, where, state, setup, plan, callbacks, pace, isStopped);
    try {
      await remote.#begin(watch);
    } catch (error) {
      remote.#worker.end();
      throw error;
    }
    state.remote = remote;
    return remote;
  }

  /** Before a hook: weights come over if the hook may look at them. */
  async before(hook: HookName): Promise<void> {
    const needs = this.#callbacks.needs(hook);
    if (needs !== null && needs !== "logs") await this.pull();
  }

  /** Somebody looks at weights or sets them, and cannot wait. */
  look(where: string): void {
    if (!this.#stale) return;
    fail(where, {
      expected: "weights that are here",
      received: "a call in the hook of a batch while fit trains in a worker",
      hint: 'Set needs: "model" on the callback, or use onEpochEnd.',
    });
  }

  /** Weights were set here. */
  changed(): void {
    this.#changed = true;
  }

  /** Tells the worker the order of the rows of an epoch. */
  beginEpoch(): void {
    const { shuffle, training } = this.#plan;
    if (!shuffle) return;
    this.#worker.post({ kind: "shuffle", count: training.samples, epochs: this.#state.epochs });
  }

  /** Trains on the batches of an epoch, or evaluates all batches of the validation data. */
  async run(set: SetName, watch: StepWatch | null): Promise<void> {
    const { training, validation } = this.#plan;
    const { steps: batches, batchSize } = set === "train" ? training : (validation as ArrayFeed);
    const [begin, end] = batchHooks[set];
    const needs = [this.#callbacks.needs(begin), this.#callbacks.needs(end)];
    const waits = needs.some((need) => need === "step" || need === "model");
    let isDue = watch?.isDue() ?? false;
    for (let from = 0; from < batches; ) {
      await this.#hook(begin, from, needs[0]);
      await this.#push();
      const most = Math.min(batches, from + (waits || isDue ? 1 : mostBatches));
      // Rates are asked for as if the steps were made: they may be a user's functions.
      const rates: number[] = [];
      const { iterations } = this.#setup;
      let to = from;
      let nextIsDue = false;
      try {
        while (to < most && !nextIsDue) {
          if (set === "train") {
            const { learningRate, momentum = Number.NaN } = this.#setup;
            rates.push(learningRate, momentum);
            this.#setup.iterations++;
          }
          to++;
          if (to < batches && watch) nextIsDue = watch.isDue();
        }
      } catch (error) {
        // What came before it is done first.
        if (to === from) throw error;
      } finally {
        this.#setup.iterations = iterations;
      }
      const measured = isDue ? watch : null;
      const done = await this.#runJob(set, { from, to, batchSize, rates, measured });
      isDue = nextIsDue;
      if (set === "train" && this.#isStopped()) return;
      this.#pace.check();
      from = done;
    }
  }

  /** Loss and metrics of the validation data. */
  async evaluate(): Promise<Logs> {
    const { activity } = this.#state;
    const means = this.#setup.means.test;
    means.reset(this.#core);
    await this.before("onTestBegin");
    await activity.hook(() => this.#callbacks.run("onTestBegin", {}));
    await this.run("test", null);
    const logs = means.read(this.#core);
    await this.before("onTestEnd");
    await activity.hook(() => this.#callbacks.run("onTestEnd", logs));
    return logs;
  }

  /** Brings all that training has changed here. */
  async pull(): Promise<void> {
    if (this.#pulling) return this.#pulling;
    if (!this.#stale) return;
    this.#pulling = this.#pull();
    try {
      await this.#pulling;
    } finally {
      this.#pulling = null;
    }
  }

  /** Ends the worker, with the weights of its last step brought over where that can be done. */
  async end(): Promise<void> {
    try {
      if (this.#worker.lives) await this.pull();
    } finally {
      this.#state.remote = null;
      this.#worker.end();
      // Counts belong to weights.
      if (this.#stale) {
        const { iterations, epoch, draws, epochs } = this.#counts;
        Object.assign(this.#setup, { iterations, epoch });
        Object.assign(this.#state, { draws, epochs });
      }
    }
  }

  get #now() {
    const { iterations, epoch } = this.#setup;
    const { draws, epochs } = this.#state;
    return { iterations, epoch, draws, epochs };
  }

  async #begin(watch: StepWatch | null): Promise<void> {
    const { training, validation } = this.#plan;
    const { means, optimizer } = this.#setup;
    const programs = this.#lower(watch);
    const own = [...means.train.variables, ...means.test.variables, ...(watch?.variables ?? [])];
    const variables = [...this.#variables.values(), ...own];
    this.#worker.post({
      kind: "begin",
      settings: {
        where: this.#where,
        module: loadedModule(),
        seed: this.#state.seed,
        accumulationSteps: optimizer.accumulationSteps,
        slice: this.#pace.slice,
        variables: variables.map(({ id, shape }) => ({ id, shape })),
        means: {
          train: means.train.variables.map(({ id }) => id),
          test: means.test.variables.map(({ id }) => id),
        },
        measure: watch?.measure ?? null,
      },
    });
    this.#changed = true;
    await this.#push();
    await this.#send("train", training.data);
    if (validation) await this.#send("test", validation.data);
    this.#worker.post({ kind: "compile", programs });
    await this.#worker.done();
  }

  #lower(watch: StepWatch | null): RemoteProgram[] {
    const { training, validation } = this.#plan;
    const { graph } = this.#state;
    const setup = this.#setup;
    const lower = (
      name: "train" | "gather" | "test",
      purpose: string,
      { data: { variant, count }, batchSize }: ArrayFeed,
      make: (variant: Variant) => ReturnType<typeof lowerEvaluation>,
    ): RemoteProgram => {
      const capacity = Math.min(batchSize, count);
      const lowering = setup.programs.lower(purpose, variant, capacity, () => make(variant));
      return { name, capacity, ...lowering };
    };
    const step = (name: "train" | "gather") =>
      lower(name, name, training, (variant) =>
        lowerTraining(graph, setup, variant, name === "train"),
      );
    const evaluation = (feed: ArrayFeed) =>
      lower("test", "evaluate", feed, (variant) => lowerEvaluation(graph, setup, variant));
    return [
      ...(setup.optimizer.accumulationSteps > 1 ? [step("gather")] : []),
      step("train"),
      ...(validation ? [evaluation(validation)] : []),
      ...(watch?.programs ?? []),
    ];
  }

  /** Sends a copy of rows, block by block, in the types that the programs take. */
  async #send(set: SetName, { count, parts, variant }: ModelData): Promise<void> {
    const typed = parts.map(({ name, rows }, i) => ({
      name,
      dtype: variant[i]?.dtype ?? rows.dtype,
      rowShape: rows.rowShape,
      size: count * rows.rowLength,
    }));
    this.#worker.post({ kind: "rows", set, parts: typed });
    for (const [part, { rows }] of parts.entries()) {
      const { rowLength } = rows;
      const perBlock = Math.max(1, Math.floor(sendLength / rowLength));
      for (let from = 0; from < count; from += perBlock) {
        const to = Math.min(from + perBlock, count);
        const numbers = new arrays[typed[part]?.dtype ?? "float32"]((to - from) * rowLength);
        rows.gather(null, from, to, numbers);
        this.#worker.post({ kind: "fill", set, part, at: from * rowLength, numbers }, numbers);
        await giveWay();
        this.#pace.check();
      }
    }
  }

  /** Runs batches; tells hooks and counts of each. Returns the batch after the last that ran. */
  async #runJob(
    set: SetName,
    given: Pick<Job, "from" | "to" | "batchSize"> & {
      rates: readonly number[];
      measured: StepWatch | null;
    },
  ): Promise<number> {
    const { from, to, batchSize, rates, measured } = given;
    const [begin, end] = batchHooks[set];
    const setup = this.#setup;
    const state = this.#state;
    const means = setup.means[set];
    const { iterations } = setup;
    const needs = this.#callbacks.needs(end);
    const each = needs !== null;
    const stop = () => this.#worker.stop();
    const { signal } = this.#pace;
    signal?.addEventListener("abort", stop);
    let at = from;
    let failed: { error: unknown } | null = null;
    try {
      for await (const reply of this.#worker.run({
        ...{ set, batchSize, from, to, each, iterations, draws: state.draws },
        ...{ rates: Float64Array.from(rates), measured: measured !== null },
      })) {
        if (set === "train") this.#stale = true;
        for (let i = 0; i < reply.batches; i++, at++) {
          if (set === "train") {
            setup.iterations++;
            state.draws++;
          }
          if (reply.measured && measured) measured.see(reply.measured, this.#rowsOf(at, batchSize));
          if (each || i === reply.batches - 1) {
            means.write(this.#core, reply.means, each ? i : 0);
          }
          if (failed) continue;
          try {
            if (at > from) await this.#hook(begin, at, this.#callbacks.needs(begin));
            await this.#hook(end, at, needs, () => means.read(this.#core));
          } catch (error) {
            // The steps that were made are counted, and their weights brought over.
            failed = { error };
            stop();
          }
        }
        if (set === "train" && this.#isStopped()) stop();
      }
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    if (failed) throw failed.error;
    return at;
  }

  #rowsOf(batch: number, batchSize: number): number {
    return Math.min(batchSize, this.#plan.training.samples - batch * batchSize);
  }

  async #hook(
    name: (typeof batchHooks)[SetName][number],
    batch: number,
    needs: CallbackNeeds | null | undefined,
    logs: () => Record<string, number> = () => ({}),
  ): Promise<void> {
    if (!needs) return;
    if (needs === "model") await this.pull();
    const wait = this.#state.activity.hook(() => this.#callbacks.at(name, batch, logs()));
    if (wait) await wait;
  }

  async #pull(): Promise<void> {
    const counts = this.#now;
    // Of one moment, also where steps are being made meanwhile: these say that they were.
    this.#stale = false;
    const blocks = blocksOf(this.#variables.values());
    try {
      // All or nothing: a worker that dies meanwhile leaves no mixture.
      const received = await Promise.all(this.#worker.read(blocks));
      for (const [i, numbers] of received.entries()) {
        if (i > 0) await giveWay();
        this.#eachRange(blocks[i] as Range[], numbers, (here, there) => here.set(there));
      }
    } catch (error) {
      this.#stale = true;
      throw error;
    }
    this.#counts = counts;
  }

  /** Brings weights that were set here to the worker. */
  async #push(): Promise<void> {
    if (!this.#changed) return;
    this.#changed = false;
    for (const ranges of blocksOf(this.#variables.values())) {
      const numbers = new Float32Array(ranges.reduce((sum, [, , length]) => sum + length, 0));
      this.#eachRange(ranges, numbers, (here, there) => there.set(here));
      this.#worker.post({ kind: "write", ranges, numbers }, numbers);
      await giveWay();
    }
  }

  /** The numbers of variables here, with their places in what is sent or received. */
  #eachRange(
    ranges: readonly Range[],
    numbers: Float32Array,
    copy: (here: Float32Array, there: Float32Array) => void,
  ): void {
    let at = 0;
    for (const [id, from, length] of ranges) {
      const here = (this.#variables.get(id) as Variable).view(this.#core);
      copy(here.subarray(from, from + length), numbers.subarray(at, at + length));
      at += length;
    }
  }
}

/** All numbers of variables in blocks that are sent at once. */
function blocksOf(variables: Iterable<Variable>): Range[][] {
  const blocks: Range[][] = [];
  let block: Range[] = [];
  let room = 0;
  for (const { id, size } of variables) {
    for (let from = 0; from < size; ) {
      if (room === 0) {
        block = [];
        blocks.push(block);
        room = sendLength;
      }
      const length = Math.min(room, size - from);
      block.push([id, from, length]);
      from += length;
      room -= length;
    }
  }
  return blocks;
}
