// Builds the standard library for WebAssembly once and keeps it as a sysroot:
// afterwards every build is an ordinary cargo build. A prebuilt library, where one is
// installed, would not do: ours traps at a panic, without the code that words messages
// (a tenth of a module), and nobody ships one with atomics, which threads need.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { inTools, wasmTarget } from "./paths.mjs";
import { dependencyRemapping, remapPath } from "./remap.mjs";
import { librarySources } from "./road.mjs";
import { ask, run, say } from "./run.mjs";

/** @typedef {import("./road.mjs").Road} Road */
/** @typedef {"plain" | "atomics"} SysrootKind */

/** Raise it when this file changes what a sysroot contains. */
const layout = 4;

/** What must be alike for the library and for what is compiled with it. */
export const panicFlags = ["-Zunstable-options", "-Cpanic=immediate-abort"];

/** @type {Record<SysrootKind, string[]>} */
const features = {
  plain: [],
  atomics: ["-C", "target-feature=+atomics,+bulk-memory,+mutable-globals"],
};

const emptyCrate = `[package]
name = "gradus-std-probe"
version = "0.0.0"
edition = "2021"
[workspace]
[profile.release]
panic = "abort"
`;

// Finds the sysroot beside itself, so that a checkout may be moved.
/** @param {string} rustc */
const wrapper = (rustc) => `#!/bin/sh
exec ${rustc} --sysroot "$(cd "$(dirname "$0")/.." && pwd)" "$@"
`;

/**
 * @param {Road} road
 * @param {SysrootKind} kind
 * @param {string} work a scratch folder
 * @returns {Promise<string>} the folder with the compiled libraries
 */
async function compileStd(road, kind, work) {
  mkdirSync(join(work, "src"), { recursive: true });
  writeFileSync(join(work, "Cargo.toml"), emptyCrate);
  writeFileSync(join(work, "src", "lib.rs"), "");
  const flags = [
    ...["-C", "embed-bitcode=yes"],
    // All that must be fast is in our own crates.
    ...["-C", "opt-level=s"],
    ...panicFlags,
    ...features[kind],
    ...dependencyRemapping(librarySources(road.rustcSysroot)),
    ...remapPath(work, "/probe"),
  ];
  const build = ["build", "--release", "--target", wasmTarget, "-Zbuild-std=std,panic_abort"];
  await run(road.cargo, [...build, "-Zbuild-std-features=optimize_for_size"], {
    cwd: work,
    env: {
      RUSTC: road.rustc,
      // The one way to use -Z options with a stable compiler.
      RUSTC_BOOTSTRAP: "1",
      RUSTFLAGS: undefined,
      CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f"),
      CARGO_TARGET_DIR: join(work, "target"),
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: road.linker,
    },
  });
  return join(work, "target", wasmTarget, "release", "deps");
}

/**
 * @param {Road} road
 * @param {string} libraries
 * @param {string} sysroot
 */
function assemble(road, libraries, sysroot) {
  const rustlib = join(sysroot, "lib", "rustlib");
  const target = join(rustlib, wasmTarget, "lib");
  mkdirSync(target, { recursive: true });
  mkdirSync(join(sysroot, "bin"));
  for (const file of readdirSync(libraries)) {
    if (file.endsWith(".rlib") && !file.includes("gradus_std_probe")) {
      copyFileSync(join(libraries, file), join(target, file));
    }
  }
  // Build scripts and proc macros run on the host and take its library from here too.
  const host = ask(road.rustc, ["--print", "host-tuple"]) ?? "";
  symlinkSync(join(road.rustcSysroot, "lib", "rustlib", host), join(rustlib, host));
  writeFileSync(join(sysroot, "bin", "rustc"), wrapper(road.rustc), { mode: 0o755 });
}

/**
 * Makes the sysroot if it is missing or belongs to another compiler.
 * @param {Road} road one with sources
 * @param {SysrootKind} kind
 * @returns {Promise<string>} its folder
 */
export async function ensureSysroot(road, kind) {
  const sysroot = inTools("sysroot", kind);
  const stamp = join(sysroot, "made-with.txt");
  const madeWith = `layout ${layout}\n${ask(road.rustc, ["--version", "--verbose"])}\n`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === madeWith) return sysroot;

  say(`setup: building the ${kind} standard library for ${wasmTarget} (once, one to two minutes)`);
  const work = inTools("sysroot", `${kind}.work`);
  rmSync(work, { recursive: true, force: true });
  const libraries = await compileStd(road, kind, work);
  const draft = join(work, "sysroot");
  assemble(road, libraries, draft);
  writeFileSync(join(draft, "made-with.txt"), madeWith);
  rmSync(sysroot, { recursive: true, force: true });
  renameSync(draft, sysroot);
  rmSync(work, { recursive: true, force: true });
  // Cargo does not notice that the library it linked has changed.
  rmSync(inTools("target"), { recursive: true, force: true });
  return sysroot;
}
