// Starts the engine that only predicts: as in the whole library, but without threads.
import type { Build } from "../runtime/bindings.js";
import { init as initEngine } from "../runtime/load.js";

/** Options of `init`. */
export interface InitOptions {
  /**
   * Which build of the engine: `"relaxed"` is fastest (fused multiply-add), `"strict"` gives the
   * same bits in every JavaScript engine, `"auto"` takes relaxed where it runs. Default: `"auto"`.
   */
  simd?: "auto" | Build;
  /**
   * The engine itself, for places where gradus cannot find it: a compiled module, its bytes, or the
   * address of a copy of `gradus/gradus-infer-strict.wasm` or `gradus/gradus-infer-relaxed.wasm`.
   * Default: the file beside this library.
   */
  wasm?: WebAssembly.Module | BufferSource | URL | string;
}

/**
 * Loads the engine. `loadModel` does it itself where it is needed; calling it first chooses the
 * build. Calling it again is free; asking for another build than the loaded one is an error.
 *
 * @example
 * await init({ simd: "strict" });
 */
export async function init(options: InitOptions = {}): Promise<void> {
  return initEngine(options);
}
