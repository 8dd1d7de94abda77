// The only file that imports the generated WebAssembly glue; gradus/infer, whose engine only
// predicts, has bindings.infer.ts in its place. It must not know anything about models.
//
// The glue is that of the builds with shared memory, which drives the others as well: it knows a few
// functions more, and where to get a memory.
import load, { initSync } from "../../build/wasm/threads-strict/gradus_wasm.js";
import { fileSystem } from "./platform.js";

export {
  Engine,
  initSync as joinNow,
  poolAllowNaps,
  poolFail,
  poolReserve,
  poolServe,
  whyStopped,
} from "../../build/wasm/threads-strict/gradus_wasm.js";

/** The builds of the one source. */
export type Build = "relaxed" | "strict";

/** Whether it is a build for threads: these take their memory from outside. */
export function sharesMemory(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");
}

/** Whether there are builds for threads. */
export const threaded = true as boolean;

/** For builds that bring their own memory: without it the glue would make one. */
const noMemory = {} as WebAssembly.Memory;

const memoryFor = (module: WebAssembly.Module) =>
  sharesMemory(module) ? {} : { memory: noMemory };

/** Starts the engine. */
export async function loadGlue(
  module: WebAssembly.Module,
): Promise<{ readonly memory: WebAssembly.Memory }> {
  // Where it may be done at once: the other way the glue mentions Response, see `isResponse`.
  if (fileSystem()) return loadGlueNow(module);
  return load({ module_or_path: module, ...memoryFor(module) });
}

/** Starts the engine without waiting. */
export function loadGlueNow(module: WebAssembly.Module): { readonly memory: WebAssembly.Memory } {
  return initSync({ module, ...memoryFor(module) });
}
