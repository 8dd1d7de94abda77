// Where the form of gradus/infer for edge workers has its engine: in a module that the worker's
// bundler hands over compiled. See packaged.edge.ts.
import type { Build } from "./bindings.js";
import strict from "./gradus-infer-strict.wasm";

/** The builds there are. */
export const packagedBuilds: readonly Build[] = ["strict"];

/** The name of a build's file. */
export const fileOf = (build: Build) => `gradus-infer-${build}.wasm` as const;

/** What else can be done where the file cannot be had. */
export const otherForm = "";

/** The module. */
export function packagedWasm(_build: Build): WebAssembly.Module {
  return strict;
}

/** What only predicts does it with one thread. */
export const packagedThreads = null;
