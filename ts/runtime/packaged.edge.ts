// Where the form of the package for edge workers has its engine: in a module that the worker's
// bundler hands over compiled, because workers may not compile code themselves. It carries the
// strict build alone: two would be twice the upload.

import type { Build } from "./bindings.js";
import strict from "./gradus-strict.wasm";

/** The builds there are. */
export const packagedBuilds: readonly Build[] = ["strict"];

/** The name of a build's file. */
export const fileOf = (build: Build) => `gradus-${build}.wasm` as const;

/** What else can be done where the file cannot be had. */
export const otherForm = ", or import gradus/inline, which carries its own";

/** The module. */
export function packagedWasm(_build: Build): WebAssembly.Module {
  return strict;
}

/** Edge workers start no others. */
export function workerAddress(): null {
  return null;
}

/** Edge workers start no others. */
export function startWorker(): null {
  return null;
}

/** Threads need files of their own, which this form of the package does not have. */
export const packagedThreads = null;
