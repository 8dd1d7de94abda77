// Compiled graphs: their inputs in the engine's memory, and a cache that compiles each once.
import type { Rows, RowTarget } from "../data/rows.js";
import type { DType } from "../data/tensor.js";
import { fail, GradusError } from "../errors.js";
import type { GraphVariable } from "../graph.js";
import type { Core } from "../runtime/core.js";
import type { Resources } from "../runtime/resources.js";
import type { Variant } from "./lowering.js";
import type { SeedHalves } from "./seed.js";

/** An input of a program. */
export interface ProgramInput {
  readonly name: string;
  readonly dtype: DType;
  /** Numbers per row; null for a single number. */
  readonly rowLength: number | null;
}

/** Rows for an input. */
export interface ProgramData {
  readonly name: string;
  readonly rows: Rows;
}

/** What is written before a program runs and read after it, in the order of the wire format. */
export interface ProgramPorts {
  readonly inputs: readonly ProgramInput[];
  readonly outputs: readonly string[];
}

/** A graph in wire format. */
export interface Lowering extends ProgramPorts {
  readonly wire: Uint8Array;
  /** What the graph means by the numbers of variables. Default: those of the engine. */
  readonly variables?: readonly GraphVariable[];
}

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;

/** A compiled graph. */
export class Program {
  readonly id: number;
  /** The largest batch. */
  readonly capacity: number;
  readonly #core: Core;
  readonly #where: string;
  readonly #ports: ProgramPorts;
  readonly #views = new Map<string, RowTarget>();
  #layout = -1;
  #buffer: ArrayBufferLike | null = null;

  constructor(core: Core, where: string, id: number, capacity: number, ports: ProgramPorts) {
    this.id = id;
    this.capacity = capacity;
    this.#core = core;
    this.#where = where;
    this.#ports = ports;
  }

  /** Copies rows to an input; nothing where the graph does without it. */
  write(name: string, rows: Rows, order: Uint32Array | null, from: number, to: number): void {
    const target = this.#view(name);
    if (target) rows.gather(order, from, to, target);
  }

  /** Copies rows to several inputs. */
  writeAll(parts: readonly ProgramData[], order: Uint32Array | null, from: number, to: number) {
    for (const { name, rows } of parts) this.write(name, rows, order, from, to);
  }

  /** Sets an input that is a single number. */
  set(name: string, value: number): void {
    const target = this.#view(name);
    if (target) target[0] = value;
  }

  /**
   * Runs the first `batch` rows of what was written; random numbers are those of the draw for the
   * rows from `row` on.
   */
  run(batch: number, step: number, seed: SeedHalves, draw: number, row = 0): void {
    try {
      this.#core.fast.run(this.id, batch, step, seed.low, seed.high, draw, row);
    } catch (error) {
      throw this.#core.explain(this.#where, error);
    }
  }

  /** The first `length` numbers of an output, until the next run of any program. */
  output(name: string, length: number): Float32Array {
    const number = this.#ports.outputs.indexOf(name);
    const address = this.#core.call(this.#where, (engine) => engine.outputPtr(this.id, number));
    return this.#core.floats(address, length);
  }

  #view(name: string): RowTarget | undefined {
    const core = this.#core;
    if (this.#layout !== core.layout || this.#buffer !== core.buffer) this.#look();
    return this.#views.get(name);
  }

  #look(): void {
    const core = this.#core;
    this.#views.clear();
    core.call(this.#where, (engine) => {
      for (const [number, { name, dtype, rowLength }] of this.#ports.inputs.entries()) {
        const address = engine.inputPtr(this.id, number);
        const length = rowLength === null ? 1 : rowLength * this.capacity;
        this.#views.set(name, new arrays[dtype](core.buffer as ArrayBuffer, address, length));
      }
    });
    this.#layout = core.layout;
    this.#buffer = core.buffer;
  }
}

/** What to throw when a program could not be compiled; one for too large a batch says so. */
export function compileError(where: string, capacity: number, error: unknown): unknown {
  if (!(error instanceof GradusError && /\bfits\b/.test(error.expected))) return error;
  return new GradusError(where, {
    expected: "a batch that fits into memory",
    received: `${capacity} rows (${error.where}: ${error.received})`,
    hint: "WebAssembly has 4 GB at most. Use a smaller batchSize or smaller layers.",
  });
}

/** What something was made for: a purpose, and data of these types. */
interface Made {
  readonly purpose: string;
  readonly variant: Variant;
}

interface Compiled extends Made {
  program: Program;
}

interface Lowered extends Made {
  lowering: Lowering;
  capacity: number;
}

/** Compares numbers and words, not texts made of them: it is asked for in every step. */
function sameVariant(a: Variant, b: Variant): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [one, other] = [a[i] as Variant[number], b[i] as Variant[number]];
    const [shape, otherShape] = [one.rowShape, other.rowShape];
    if (one.name !== other.name || one.dtype !== other.dtype) return false;
    if (shape.length !== otherShape.length) return false;
    for (let j = 0; j < shape.length; j++) if (shape[j] !== otherShape[j]) return false;
  }
  return true;
}

/** A copy to keep: what comes may hold the data themselves. */
function withoutData(variant: Variant): Variant {
  return variant.map(({ name, dtype, rowShape }) => ({ name, dtype, rowShape }));
}

function find<T extends Made>(all: readonly T[], purpose: string, variant: Variant): T | undefined {
  for (const made of all) {
    if (made.purpose === purpose && sameVariant(made.variant, variant)) return made;
  }
  return undefined;
}

/** Programs by what they were made for. */
export class ProgramCache {
  readonly #programs: Compiled[] = [];
  /** What was compiled in a worker alone. */
  readonly #elsewhere: Lowered[] = [];
  readonly #resources: Resources;

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  /** The program for that purpose and batches up to `capacity`; a smaller one is replaced. */
  get(
    core: Core,
    where: string,
    purpose: string,
    variant: Variant,
    capacity: number,
    lower: () => Lowering,
  ): Program {
    const known = find(this.#programs, purpose, variant);
    if (known && known.program.capacity >= capacity) return known.program;
    const lowering = lower();
    const id = this.#compile(core, where, lowering, capacity);
    const program = new Program(core, where, id, capacity, lowering);
    if (known) {
      this.#resources.freeProgram(core, known.program.id);
      known.program = program;
    } else {
      this.#programs.push({ purpose, variant: withoutData(variant), program });
    }
    return program;
  }

  #compile(core: Core, where: string, lowering: Lowering, capacity: number): number {
    try {
      return this.#resources.compile(core, where, lowering.wire, capacity, lowering.variables);
    } catch (error) {
      throw compileError(where, capacity, error);
    }
  }

  /** What a worker compiles; kept, so that it can be printed. */
  lower(purpose: string, variant: Variant, capacity: number, lower: () => Lowering): Lowering {
    const lowering = lower();
    const known = find(this.#elsewhere, purpose, variant);
    if (known) Object.assign(known, { lowering, capacity });
    else this.#elsewhere.push({ purpose, variant: withoutData(variant), lowering, capacity });
    return lowering;
  }

  /** The printed form of the program for that purpose; of several the one first made last. */
  dump(core: Core, where: string, purpose: string): string {
    for (const { variant, lowering, capacity, ...made } of this.#elsewhere) {
      if (made.purpose === purpose) {
        this.get(core, where, purpose, variant, capacity, () => lowering);
      }
    }
    const found = this.#programs.filter((made) => made.purpose === purpose).at(-1);
    if (found) return core.call(where, (engine) => engine.dump(found.program.id));
    return fail(where, {
      expected: `a model that has been used to ${purpose}`,
      received: "one that has not",
      hint: "Programs are compiled when they are first needed.",
    });
  }
}
