// The running means of loss and metrics, kept in the engine while a program accumulates them.
import type { Logs } from "../callbacks/callback.js";
import type { Core } from "../runtime/core.js";
import { Variable } from "../runtime/resources.js";

/** Sum, its compensation, weight, its compensation: what the engine keeps for one mean. */
const stateLength = 4;

/** Means by name. */
export class RunningMeans {
  readonly names: readonly string[];
  readonly variables: readonly Variable[];
  #views: readonly Float32Array[] = [];
  #layout = -1;
  #buffer: ArrayBufferLike | null = null;

  constructor(owner: string, names: readonly string[]) {
    this.names = names;
    this.variables = names.map((name) => new Variable(`${owner}/${name}`, [stateLength]));
  }

  /** The variable behind a mean. */
  variable(name: string): Variable {
    return this.variables[this.names.indexOf(name)] as Variable;
  }

  /** Forgets what was added. */
  reset(core: Core): void {
    for (const view of this.#look(core)) view.fill(0);
  }

  /** The means of what was added since the last reset; 0 where nothing was. */
  read(core: Core): Logs {
    const logs: Logs = {};
    const views = this.#look(core);
    for (let i = 0; i < views.length; i++) {
      const [sum = 0, sumRest = 0, weight = 0, weightRest = 0] = views[i] as Float32Array;
      const total = weight + weightRest;
      logs[this.names[i] as string] = total === 0 ? 0 : (sum + sumRest) / total;
    }
    return logs;
  }

  /** Takes the states over that a worker has: those at the place `at` in a list. */
  write(core: Core, states: Float32Array, at: number): void {
    for (const [i, view] of this.#look(core).entries()) {
      const from = (at * this.names.length + i) * stateLength;
      view.set(states.subarray(from, from + stateLength));
    }
  }

  #look(core: Core): readonly Float32Array[] {
    if (this.#layout !== core.layout || this.#buffer !== core.buffer) {
      this.#views = this.variables.map((variable) => variable.view(core));
      this.#layout = core.layout;
      this.#buffer = core.buffer;
    }
    return this.#views;
  }
}
