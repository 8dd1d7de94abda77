// Compiles crates/wasm into build/wasm/<variant>/: node scripts/build-wasm.mjs [variant...]
// Builds what changed since the last success; progress goes to stderr.
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow, fingerprint, isUpToDate, markDone } from "./build/fingerprint.mjs";
import { gluedVariants, packagedVariants, variants } from "./build/variants.mjs";
import { ensureTools, wasmToolchain } from "./setup.mjs";
import { withLock } from "./toolchain/lock.mjs";
import { inRoot, inTools, npmTool, root } from "./toolchain/paths.mjs";
import { dependencyRemapping, remapPath } from "./toolchain/remap.mjs";
import { librarySources } from "./toolchain/road.mjs";
import { ask, Failure, main, run, say } from "./toolchain/run.mjs";
import { panicFlags } from "./toolchain/sysroot.mjs";

/** @typedef {import("./build/variants.mjs").Variant} Variant */
/** @typedef {import("./setup.mjs").WasmToolchain} WasmToolchain */

/**
 * The compiler has optimised for speed; what follows makes its code smaller: these passes, of all that
 * there are, by the size after gzip (`-Os` leaves 2.5 % more).
 */
const wasmOptPasses = [
  ...["--low-memory-unused", "-O1", "--dae-optimizing", "--rse", "--vacuum", "--reorder-locals"],
  ...["--remove-unused-module-elements"],
  ...["--strip-debug", "--strip-producers", "--strip-target-features"],
];

/** What wasm-pack leaves in a folder that we keep; its package.json and the like go. */
const artefacts = [
  "gradus_wasm.js",
  "gradus_wasm.d.ts",
  "gradus_wasm_bg.wasm",
  "gradus_wasm_bg.wasm.d.ts",
];

// Tests and benchmarks of the crates cannot change what they compile to.
const sources = () =>
  filesBelow(
    [
      ...["Cargo.toml", "Cargo.lock", "crates"],
      ...["scripts/build-wasm.mjs", "scripts/build/variants.mjs", "scripts/toolchain/sysroot.mjs"],
    ],
    (path) => !/^crates\/[^/]+\/(tests|benches|target)$/.test(path),
  );

/**
 * Names of this machine's folders must not reach the artefact: it would betray them,
 * and differ from one checkout to the next.
 * @param {WasmToolchain} toolchain
 */
function pathRemapping({ road }) {
  return [...dependencyRemapping(librarySources(road.rustcSysroot)), ...remapPath(root, "/gradus")];
}

/**
 * @param {Variant} variant
 * @param {WasmToolchain} toolchain
 */
async function compile(variant, toolchain) {
  const draft = inTools("wasm-pack", variant.name);
  rmSync(draft, { recursive: true, force: true });
  // Fetched before the paths are remapped, because that needs to know the folders' names.
  await run("cargo", ["fetch", "--locked"]);
  await run(
    join(inTools("cargo", "bin"), "wasm-pack"),
    [
      ...["build", "--target", "web", "--mode", "no-install", "--no-opt", "--no-pack"],
      ...["--out-name", "gradus_wasm", "--out-dir", draft, inRoot("crates", "wasm")],
      ...(variant.cargoArguments.length > 0 ? ["--", ...variant.cargoArguments] : []),
    ],
    {
      env: {
        PATH: toolchain.path,
        RUSTC: toolchain.rustc,
        // Not stable yet are `panicFlags`, and one library feature that shared memory needs.
        RUSTC_BOOTSTRAP: "1",
        RUSTFLAGS: undefined,
        CARGO_ENCODED_RUSTFLAGS: [
          ...[...variant.rustFlags, ...panicFlags],
          ...pathRemapping(toolchain),
        ].join("\x1f"),
        CARGO_TARGET_DIR: inTools("target", variant.name),
        ...(toolchain.road.linker
          ? { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: toolchain.road.linker }
          : {}),
      },
    },
  );
  // wasm-bindgen says nothing when it finds no sign of threads in the module.
  const glue = readFileSync(join(draft, "gradus_wasm.js"), "utf8");
  if (variant.threads !== glue.includes("thread_stack_size")) {
    throw new Failure(`wasm ${variant.name}: threads ${variant.threads ? "left out" : "built in"}`);
  }
  return draft;
}

/**
 * @param {Variant} variant
 * @param {string} draft the folder wasm-pack wrote
 */
async function optimise(variant, draft) {
  const wasm = join(draft, "gradus_wasm_bg.wasm");
  const optimised = `${wasm}.opt`;
  await run(npmTool("wasm-opt"), [
    ...wasmOptPasses,
    ...variant.wasmOptFlags,
    wasm,
    "-o",
    optimised,
  ]);
  renameSync(optimised, wasm);
}

/**
 * @param {Variant} variant
 * @param {string} draft
 */
function publish(variant, draft) {
  const folder = inRoot("build", "wasm", variant.name);
  mkdirSync(folder, { recursive: true });
  for (const file of artefacts) renameSync(join(draft, file), join(folder, file));
  rmSync(draft, { recursive: true, force: true });
}

/**
 * @param {Variant} variant
 * @param {WasmToolchain} toolchain
 */
async function build(variant, toolchain) {
  const { road } = toolchain;
  const compiler = ask(toolchain.rustc, ["--version"]) ?? "";
  const wasmOpt = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).devDependencies.binaryen;
  const print = fingerprint(sources(), [road.name, compiler, wasmOpt, JSON.stringify(variant)]);
  const step = `wasm-${variant.name}`;
  const outputs = artefacts.map((file) => join("build", "wasm", variant.name, file));
  if (isUpToDate(step, print, outputs)) return;

  const start = performance.now();
  say(`build: wasm ${variant.name}`);
  const draft = await compile(variant, toolchain);
  await optimise(variant, draft);
  publish(variant, draft);
  markDone(step, print);
  say(`build: wasm ${variant.name} done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/**
 * All builds of a group are driven by one glue: those that are like its own build must have the same,
 * and builds without threads may ask a glue for threads for nothing that it does not give.
 * @param {typeof gluedVariants[number]} group
 */
function checkSameGlue({ glue, variants: group }) {
  /** @param {string} variant @param {string} file */
  const text = (variant, file) => readFileSync(inRoot("build", "wasm", variant, file), "utf8");
  /** @param {string} variant names of what the module imports */
  const imports = (variant) =>
    [...text(variant, "gradus_wasm.js").matchAll(/^ +(__wb\w+): function/gm)].map(
      ([, name]) => name,
    );
  const hasThreads = (/** @type {string} */ name) =>
    variants.find((variant) => variant.name === name)?.threads;
  const used = imports(glue);
  for (const other of group) {
    const differs =
      hasThreads(other) === hasThreads(glue)
        ? ["gradus_wasm.js", "gradus_wasm.d.ts"].some((f) => text(other, f) !== text(glue, f))
        : imports(other).some((name) => !used.includes(name));
    if (differs) throw new Failure(`build/wasm: the glue of ${glue} does not fit ${other}`);
  }
}

/** @param {string[]} names variants; none means those of the package */
export async function buildWasm(names = []) {
  const wanted = names.length > 0 ? names : packagedVariants;
  const chosen = wanted.map((name) => {
    const found = variants.find((variant) => variant.name === name);
    if (found) return found;
    const known = variants.map((variant) => variant.name).join(", ");
    throw new Failure(`unknown variant "${name}"; known: ${known}`);
  });
  const road = await ensureTools();
  /** @type {{ variant: Variant, toolchain: WasmToolchain }[]} */
  const jobs = [];
  for (const variant of chosen)
    jobs.push({ variant, toolchain: await wasmToolchain(road, variant) });
  await withLock("build-wasm", async () => {
    // One link step keeps one core busy: side by side they take little longer than one.
    const results = await Promise.allSettled(
      jobs.map(({ variant, toolchain }) => build(variant, toolchain)),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
    for (const group of gluedVariants) {
      if (group.variants.every((name) => wanted.includes(name))) checkSameGlue(group);
    }
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(() => buildWasm(process.argv.slice(2)));
}
