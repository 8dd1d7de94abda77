// The only file that imports the generated WebAssembly glue, and the only one that knows
// where the .wasm files lie. It must not know anything about models.
export {
  default as loadGlue,
  Engine,
  initSync as loadGlueNow,
  lastPanic,
} from "../../build/wasm/strict/gradus_wasm.js";

/** The builds of the one source that the package carries. */
export type Build = "relaxed" | "strict";

/** Where the .wasm files lie: beside the bundle. Bundlers know this form and copy the files. */
const packaged: Record<Build, URL> = {
  relaxed: new URL("./gradus-relaxed.wasm", import.meta.url),
  strict: new URL("./gradus-strict.wasm", import.meta.url),
};

/** The address of a build. */
export function wasmUrl(build: Build): URL {
  const here = import.meta.url;
  // Tests run this file as it is, unbundled.
  if (!here.endsWith("/ts/runtime/bindings.ts")) return packaged[build];
  return new URL(`../../build/wasm/${build}/gradus_wasm_bg.wasm`, here);
}
