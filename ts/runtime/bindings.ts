// The only file that imports the generated WebAssembly glue. It must not know anything about models.
export {
  default as loadGlue,
  Engine,
  initSync as loadGlueNow,
  lastPanic,
} from "../../build/wasm/strict/gradus_wasm.js";

/** The builds of the one source. */
export type Build = "relaxed" | "strict";
