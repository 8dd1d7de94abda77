// The forms in which the one Rust source is compiled to WebAssembly.

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {boolean} threads needs the library with atomics
 * @property {string[]} rustFlags
 * @property {string[]} wasmOptFlags the WebAssembly features the optimiser may see and use
 */

/** With shared memory a limit must be declared; pages that are never touched cost nothing. */
const maxSharedMemory = 2 ** 31;

// Without these link arguments wasm-bindgen succeeds silently and leaves threads out.
const threadLinkArguments = [
  "--shared-memory",
  "--import-memory",
  `--max-memory=${maxSharedMemory}`,
  "--export=__wasm_init_tls",
  "--export=__tls_size",
  "--export=__tls_align",
  "--export=__tls_base",
];

// What rustc turns on by default for this target.
const commonWasmFeatures = [
  "--enable-bulk-memory",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];

/**
 * @param {string} name
 * @param {{ relaxed: boolean, threads: boolean }} options
 * @returns {Variant}
 */
function variant(name, { relaxed, threads }) {
  const features = ["+simd128"];
  const wasmOptFlags = [...commonWasmFeatures, "--enable-simd"];
  if (relaxed) {
    features.push("+relaxed-simd");
    wasmOptFlags.push("--enable-relaxed-simd");
  }
  if (threads) {
    features.push("+atomics", "+bulk-memory", "+mutable-globals");
    wasmOptFlags.push("--enable-threads");
  }
  const rustFlags = ["-C", `target-feature=${features.join(",")}`];
  if (threads) rustFlags.push(...threadLinkArguments.flatMap((arg) => ["-C", `link-arg=${arg}`]));
  return { name, threads, rustFlags, wasmOptFlags };
}

/** @type {Variant[]} */
export const variants = [
  variant("strict", { relaxed: false, threads: false }),
  variant("relaxed", { relaxed: true, threads: false }),
  variant("threads-strict", { relaxed: false, threads: true }),
  variant("threads-relaxed", { relaxed: true, threads: true }),
];

/** Built when no name is given, and part of the package. */
export const packagedVariants = ["strict", "relaxed", "threads-strict", "threads-relaxed"];

/** Whose glue drives all of them. */
export const gluedVariant = "threads-strict";
