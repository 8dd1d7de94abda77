// The forms in which the one Rust source is compiled to WebAssembly.

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {boolean} threads needs the library with atomics
 * @property {string[]} cargoArguments what cargo is told beside the flags
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

// Kernels stay compiled for speed: for size, the loops over a tile's registers are not unrolled, and
// a row is predicted five times slower.
const predictOnly = ["--no-default-features"];
// Of what the compiler does to loops these two make the code larger and predictions no faster.
const smallerLoops = ["disable-lsr", "enable-pre=false"].flatMap((arg) => [
  "-C",
  `llvm-args=-${arg}`,
]);

// Loops of unknown length stay as they are written: kernels say themselves what is done four at a
// time. Copies of bodies, and what is left over for another loop, take 5 % of the module and gain
// nothing measurable.
const asWritten = [
  ...["-C", "llvm-args=-unroll-runtime=0"],
  ...["-C", "no-vectorize-loops", "-C", "no-vectorize-slp"],
];

// A kernel is called at once or handed to the pool, so its body would be a function of its own, and
// small networks 6 % slower than in a build without threads. For 12 KB more (gzip) it is part of both.
const inlinedKernels = ["-C", "llvm-args=-inline-threshold=300"];

/**
 * @param {string} name
 * @param {{ relaxed: boolean, threads: boolean, train?: boolean }} options
 * @returns {Variant}
 */
function variant(name, { relaxed, threads, train = true }) {
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
  const rustFlags = ["-C", `target-feature=${features.join(",")}`, ...asWritten];
  if (!train) rustFlags.push(...smallerLoops);
  if (threads) {
    rustFlags.push(...inlinedKernels);
    rustFlags.push(...threadLinkArguments.flatMap((arg) => ["-C", `link-arg=${arg}`]));
  }
  return { name, threads, cargoArguments: train ? [] : predictOnly, rustFlags, wasmOptFlags };
}

/** @type {Variant[]} */
export const variants = [
  variant("strict", { relaxed: false, threads: false }),
  variant("relaxed", { relaxed: true, threads: false }),
  variant("infer-strict", { relaxed: false, threads: false, train: false }),
  variant("infer-relaxed", { relaxed: true, threads: false, train: false }),
  variant("threads-strict", { relaxed: false, threads: true }),
  variant("threads-relaxed", { relaxed: true, threads: true }),
];

/** Those of the package, and whose glue drives them: the whole library, and `gradus/infer`. */
export const gluedVariants = [
  {
    glue: "threads-strict",
    variants: ["strict", "relaxed", "threads-strict", "threads-relaxed"],
  },
  { glue: "infer-strict", variants: ["infer-strict", "infer-relaxed"] },
];

/** Built when no name is given, and part of the package. */
export const packagedVariants = gluedVariants.flatMap(({ variants }) => variants);
