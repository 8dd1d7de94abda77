// What bindings.ts is, for the engine that only predicts: its glue has a part of the same names, and
// no threads.
import load, { initSync } from "../../build/wasm/infer-strict/gradus_wasm.js";
import { fileSystem } from "./platform.js";

export { Engine, whyStopped } from "../../build/wasm/infer-strict/gradus_wasm.js";
export type { Build } from "./bindings.js";

/** Whether there are builds for threads. */
export const threaded = false;

/** Whether it is a build for threads: there are none. */
export const sharesMemory = (_module: WebAssembly.Module): boolean => false;

/** Starts the engine. */
export async function loadGlue(
  module: WebAssembly.Module,
): Promise<{ readonly memory: WebAssembly.Memory }> {
  // Where it may be done at once: the other way the glue mentions Response, see `isResponse`.
  if (fileSystem()) return loadGlueNow(module);
  return load({ module_or_path: module });
}

/** Starts the engine without waiting. */
export function loadGlueNow(module: WebAssembly.Module): { readonly memory: WebAssembly.Memory } {
  return initSync({ module });
}
