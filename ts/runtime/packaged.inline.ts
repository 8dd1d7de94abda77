// Where the form of the package that is a single file (`gradus/inline`) has its engine: in itself,
// as text. It carries the strict build alone, which every engine runs.
import strict from "../../build/wasm/strict/gradus_wasm_bg.wasm?base64";
import type { Build } from "./bindings.js";

/** The builds there are. */
export const packagedBuilds: readonly Build[] = ["strict"];

/** The bytes of the build. */
export function packagedWasm(_build: Build): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(strict), (character) => character.charCodeAt(0));
}
