// Variables and programs of the engine, and who owns them: when an owner is collected,
// what it held goes back. Users never see any of this.
import type { GraphVariable } from "../graph.js";
import type { Core } from "./core.js";

/** What an owner holds in the engine. It must never refer to its owner. */
class Holdings {
  readonly variables = new Set<number>();
  readonly programs = new Set<number>();
  core: Core | null = null;

  free(): void {
    const { core } = this;
    if (!core) return;
    core.release((engine) => {
      for (const program of this.programs) engine.freeProgram(program);
      for (const variable of this.variables) engine.freeVariable(variable);
    });
    this.programs.clear();
    this.variables.clear();
  }
}

const registry = new FinalizationRegistry((holdings: Holdings) => holdings.free());

/** The part of the engine's memory that belongs to one object. */
export class Resources {
  readonly #holdings = new Holdings();

  /** Ties these resources to the life of `owner`. */
  constructor(owner: object) {
    registry.register(owner, this.#holdings);
  }

  /** Makes room for variables; all or, when memory is out, none. */
  create(core: Core, variables: readonly Variable[]): void {
    const made: Variable[] = [];
    this.#holdings.core = core;
    try {
      for (const variable of variables) {
        if (variable.exists) continue;
        variable.create(core);
        made.push(variable);
      }
    } catch (error) {
      for (const variable of made) variable.free(core);
      throw error;
    }
    for (const variable of made) this.#holdings.variables.add(variable.id);
  }

  /** Gives variables back. */
  release(core: Core, variables: readonly Variable[]): void {
    for (const variable of variables) {
      if (!variable.exists) continue;
      this.#holdings.variables.delete(variable.id);
      variable.free(core);
    }
  }

  /** Compiles a graph; its numbers of variables are places in `variables`, if given. */
  compile(
    core: Core,
    where: string,
    wire: Uint8Array,
    capacity: number,
    variables?: readonly GraphVariable[],
  ): number {
    const ids = variables && Uint32Array.from(variables, ({ id }) => id);
    const program = core.change(where, (engine) => engine.compile(wire, capacity, ids));
    this.#holdings.core = core;
    this.#holdings.programs.add(program);
    return program;
  }

  /** Frees one program. */
  freeProgram(core: Core, program: number): void {
    core.release((engine) => engine.freeProgram(program));
    this.#holdings.programs.delete(program);
  }

  /** Frees everything. */
  free(): void {
    this.#holdings.free();
  }
}

/** A named array of float32 that lives in the engine. */
export class Variable implements GraphVariable {
  readonly name: string;
  readonly shape: readonly number[];
  /** How many numbers it holds. */
  readonly size: number;
  /** What each of its numbers is at first. */
  readonly initial: number;
  #id = -1;

  constructor(name: string, shape: readonly number[], initial = 0) {
    this.name = name;
    this.shape = shape;
    this.size = shape.reduce((product, extent) => product * extent, 1);
    this.initial = initial;
  }

  /** Its number in the engine. */
  get id(): number {
    if (this.#id < 0) throw new Error(`variable "${this.name}" is used before it exists`);
    return this.#id;
  }

  /** Whether it has memory yet. */
  get exists(): boolean {
    return this.#id >= 0;
  }

  /** Makes room for it; its numbers are `initial`. */
  create(core: Core): void {
    this.#id = core.change(`variable "${this.name}"`, (engine) =>
      engine.createVariable(Uint32Array.from(this.shape)),
    );
    if (this.initial !== 0) this.view(core).fill(this.initial);
  }

  /** Gives its memory back. */
  free(core: Core): void {
    core.release((engine) => engine.freeVariable(this.id));
    this.forget();
  }

  /** Says that its memory was given back. */
  forget(): void {
    this.#id = -1;
  }

  /** Its numbers in place, until memory moves. */
  view(core: Core): Float32Array {
    const address = core.call(this.name, (engine) => engine.variablePtr(this.id));
    return core.floats(address, this.size);
  }
}
