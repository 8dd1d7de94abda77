// Makes everything the build needs available: npm packages, a Rust toolchain for
// WebAssembly, wasm-pack and wasm-bindgen. Safe to run again: it does only what is
// missing. Run as a script, or called by the builds through `ensureTools`.
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cargoToolsBin, ensureCargoTools } from "./toolchain/cargo-tools.mjs";
import { withLock } from "./toolchain/lock.mjs";
import { ensureNodeModules } from "./toolchain/node-modules.mjs";
import { findRoad } from "./toolchain/road.mjs";
import { main, say } from "./toolchain/run.mjs";
import { ensureSysroot } from "./toolchain/sysroot.mjs";

/** @typedef {import("./toolchain/road.mjs").Road} Road */

/**
 * @typedef {object} WasmToolchain
 * @property {Road} road
 * @property {string} rustc the compiler to build with; knows where its libraries are
 * @property {string[]} bin folders to put in front of the PATH
 */

/** @returns {Promise<Road>} */
export async function ensureTools() {
  return withLock("setup", async () => {
    await ensureNodeModules();
    const road = await findRoad();
    // The tools first: installing them fills cargo's registry, whose folders the
    // sysroot's path remapping looks up.
    await ensureCargoTools();
    if (road.std === "sources") await ensureSysroot(road, "plain");
    return road;
  });
}

/**
 * The compiler for one build; the library with atomics is made here, on first use.
 * @param {Road} road
 * @param {{ threads: boolean }} options
 * @returns {Promise<WasmToolchain>}
 */
export async function wasmToolchain(road, { threads }) {
  if (road.std === "target" && !threads) return { road, rustc: road.rustc, bin: [cargoToolsBin] };
  const kind = threads ? "atomics" : "plain";
  const sysroot = await withLock("setup", () => ensureSysroot(road, kind));
  const bin = `${sysroot}/bin`;
  return { road, rustc: `${bin}/rustc`, bin: [bin, cargoToolsBin] };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const road = await ensureTools();
    say(`setup: ready, with ${road.name}`);
  });
}
