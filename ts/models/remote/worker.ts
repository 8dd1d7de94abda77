// The script of the worker that `fit` may run in: an engine with variables, programs and rows, and
// the loop over batches. It must not know models, layers or callbacks: the file is small, and a
// copy of its own in the package.
import { FlatRows } from "../../data/row-storage.js";
import { GradusError } from "../../errors.js";
import { Engine, loadGlue } from "../../runtime/bindings.js";
import { Core } from "../../runtime/core.js";
import { parentOfWorker } from "../../runtime/worker-parent.js";
import { compileError, Program, type ProgramData } from "../program.js";
import { type Measured, readMeasured, runStep } from "../step.js";
import type {
  Job,
  ProgramName,
  Range,
  RemotePart,
  RemoteProgram,
  RemoteSettings,
  Reply,
  Request,
  SetName,
} from "./protocol.js";

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** Sum, its compensation, weight, its compensation. */
const meanLength = 4;

interface RowSet {
  readonly count: number;
  readonly arrays: readonly (Float32Array | Int32Array | Uint8Array)[];
  readonly parts: readonly ProgramData[];
}

const parent = parentOfWorker<Request, Reply>();
const sets = new Map<SetName, RowSet>();
const programs = new Map<ProgramName, Program>();
let core: Core;
let settings: RemoteSettings;
let order: Uint32Array | null = null;
let stopped = false;
/** Messages are looked at in the order in which they came, but for those to a running job. */
let before: Promise<void> = Promise.resolve();

async function begin(given: RemoteSettings): Promise<void> {
  settings = given;
  const { memory } = await loadGlue(given.module);
  core = new Core(new Engine(), memory);
  const byId = new Map(given.variables.map((variable) => [variable.id, variable]));
  const filler = { shape: [1] };
  // The same numbers as where `fit` was called: what is missing in between is filled up.
  for (let made = 0, left = byId.size; left > 0; ) {
    const { shape } = byId.get(made + 1) ?? filler;
    made = core.change(settings.where, (engine) => engine.createVariable(Uint32Array.from(shape)));
    if (byId.has(made)) left--;
  }
}

function view(id: number, from: number, length: number): Float32Array {
  const address = core.call(settings.where, (engine) => engine.variablePtr(id));
  return core.floats(address, from + length).subarray(from);
}

function write(ranges: readonly Range[], numbers: Float32Array): void {
  let at = 0;
  for (const [id, from, length] of ranges) {
    view(id, from, length).set(numbers.subarray(at, at + length));
    at += length;
  }
}

function read(ranges: readonly Range[]): Float32Array {
  const numbers = new Float32Array(ranges.reduce((sum, [, , length]) => sum + length, 0));
  let at = 0;
  for (const [id, from, length] of ranges) {
    numbers.set(view(id, from, length), at);
    at += length;
  }
  return numbers;
}

function makeRows(set: SetName, parts: readonly RemotePart[]): void {
  const made = parts.map(({ dtype, size }) => new arrays[dtype](size));
  const rows = parts.map(({ name, dtype, rowShape }, i) => {
    return { name, rows: new FlatRows(made[i] as Float32Array, rowShape, dtype) };
  });
  sets.set(set, { count: rows[0]?.rows.count ?? 0, arrays: made, parts: rows });
}

function programOf(name: ProgramName): Program {
  return programs.get(name) as Program;
}

function compile({ name, wire, capacity, ...ports }: RemoteProgram): void {
  const { where } = settings;
  try {
    const id = core.change(where, (engine) => engine.compile(wire, capacity));
    programs.set(name, new Program(core, where, id, capacity, ports));
  } catch (error) {
    throw compileError(where, capacity, error);
  }
}

/** What the step that was just made was measured to be. */
function measure(): Measured | null {
  const { measure: sizes, seed, variables } = settings;
  if (!sizes) return null;
  const norms = variables.find(({ id }) => id === sizes.gradientNorms);
  const gradients = norms ? view(norms.id, 0, norms.shape[0] as number) : null;
  return readMeasured(programOf("measure"), programs.get("changes"), sizes, gradients, seed);
}

async function run(job: Job): Promise<void> {
  const { set, batchSize, from, to, each, rates, measured } = job;
  const rows = sets.get(set) as RowSet;
  const ids = settings.means[set];
  const stateRanges = ids.map((id): Range => [id, 0, meanLength]);
  const width = ids.length * meanLength;
  const states: Float32Array[] = [];
  let told = from;
  stopped = false;
  if (from === 0) for (const id of ids) view(id, 0, meanLength).fill(0);
  const tell = (end: number) => {
    if (!each) states.push(read(stateRanges));
    const means = new Float32Array(states.length * width);
    states.forEach((state, i) => {
      means.set(state, i * width);
    });
    states.length = 0;
    const reply = { kind: "progress", batches: end - told, means } as const;
    parent.post({ ...reply, measured: measured ? measure() : null }, [means.buffer]);
    told = end;
  };
  const step = (batch: number) => {
    const first = batch * batchSize;
    const last = Math.min(first + batchSize, rows.count);
    if (set === "test") {
      const program = programOf("test");
      program.writeAll(rows.parts, null, first, last);
      program.run(last - first, 0, settings.seed, 0);
      return;
    }
    const at = 2 * (batch - from);
    const momentum = rates[at + 1] as number;
    const stepPrograms = {
      data: rows,
      program: programOf(measured ? "measure" : "train"),
      gather: measured ? null : (programs.get("gather") ?? null),
    };
    const clock = {
      iterations: job.iterations + batch - from,
      accumulationSteps: settings.accumulationSteps,
      draws: job.draws + batch - from,
      seed: settings.seed,
    };
    runStep(stepPrograms, clock, order, first, last, {
      learningRate: rates[at] as number,
      momentum: Number.isNaN(momentum) ? undefined : momentum,
    });
  };
  let start = performance.now();
  for (let batch = from; batch < to && !stopped; batch++) {
    step(batch);
    if (each) states.push(read(stateRanges));
    if (batch + 1 === to || performance.now() - start >= settings.slice) {
      tell(batch + 1);
      if (batch + 1 < to) await parent.giveWay();
      start = performance.now();
    }
  }
}

async function answer(request: Request): Promise<void> {
  switch (request.kind) {
    case "begin":
      return begin(request.settings);
    case "write":
      return write(request.ranges, request.numbers);
    case "rows":
      return makeRows(request.set, request.parts);
    case "fill":
      sets.get(request.set)?.arrays[request.part]?.set(request.numbers, request.at);
      return;
    case "compile":
      for (const program of request.programs) compile(program);
      return parent.post({ kind: "done" });
    case "shuffle": {
      const { low, high } = settings.seed;
      const places = Uint32Array.from({ length: request.count }, (_, i) => i);
      order = core.call("fit", (engine) => engine.shuffle(places, low, high, request.epochs));
      return;
    }
    case "run":
      await run(request.job);
      return parent.post({ kind: "done" });
  }
}

function fail(error: unknown): void {
  const { message } = error as Error;
  const { where, expected, received, hint } =
    error instanceof GradusError
      ? error
      : { where: settings?.where ?? "fit", expected: "the worker to work", received: message };
  parent.post({ kind: "failed", error: { where, expected, received, hint } });
}

parent.listen((request) => {
  if (request.kind === "stop") {
    stopped = true;
  } else if (request.kind === "read") {
    // Between two steps of a job, or after them.
    try {
      for (const ranges of request.blocks) {
        const numbers = read(ranges);
        parent.post({ kind: "numbers", numbers }, [numbers.buffer]);
      }
    } catch (error) {
      fail(error);
    }
  } else {
    before = before.then(() => answer(request)).catch(fail);
  }
});
parent.post({ kind: "ready" });
