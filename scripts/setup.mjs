// Makes everything the build needs available: npm packages, a Rust toolchain for
// WebAssembly, wasm-pack and wasm-bindgen. Safe to run again: it does only what is
// missing. Run as a script, or called by the builds through `ensureTools`.
import { mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cargoToolsBin, ensureCargoTools } from "./toolchain/cargo-tools.mjs";
import { withLock } from "./toolchain/lock.mjs";
import { ensureNodeModules } from "./toolchain/node-modules.mjs";
import { inTools } from "./toolchain/paths.mjs";
import { findRoad } from "./toolchain/road.mjs";
import { main, say } from "./toolchain/run.mjs";
import { ensureSysroot } from "./toolchain/sysroot.mjs";

/** @typedef {import("./toolchain/road.mjs").Road} Road */

/**
 * @typedef {object} WasmToolchain
 * @property {Road} road
 * @property {string} rustc the compiler to build with; knows where its libraries are
 * @property {string} path the PATH to build with
 */

/**
 * wasm-pack calls `rustup target add` when it misses the target, whatever mode it is
 * told to run in. Only this set-up may fetch anything, so wasm-pack finds this instead.
 */
function rustupGuard() {
  const folder = inTools("guard");
  mkdirSync(folder, { recursive: true });
  const script =
    '#!/bin/sh\necho "rustup $*: not during a build; see scripts/setup.mjs" >&2\nexit 1\n';
  writeFileSync(join(folder, "rustup"), script, { mode: 0o755 });
  return folder;
}

/** @returns {Promise<Road>} */
export async function ensureTools() {
  return withLock("setup", async () => {
    await ensureNodeModules();
    const road = await findRoad();
    // The tools first: installing them fills cargo's registry, whose folders the
    // sysroot's path remapping looks up.
    await ensureCargoTools();
    await ensureSysroot(road, "plain");
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
  return withLock("setup", async () => {
    const sysroot = await ensureSysroot(road, threads ? "atomics" : "plain");
    const bin = join(sysroot, "bin");
    const path = [rustupGuard(), cargoToolsBin, bin, process.env.PATH].join(delimiter);
    return { road, rustc: join(bin, "rustc"), path };
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const road = await ensureTools();
    say(`setup: ready, with ${road.name}`);
  });
}
