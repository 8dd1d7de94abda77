// Finds a Rust toolchain that can build for WebAssembly. What is needed is either the
// target's standard library or, where it must be compiled here, the library's sources.
// The order is the same for both:
//   1. it is installed already;
//   2. rustup may fetch it (never where RUSTUP_AUTO_INSTALL is 0);
//   3. Debian's packages, which carry the sources;
//   4. none: say which commands to run by hand.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./debian.mjs";
import { wasmTarget } from "./paths.mjs";
import { ask, Failure, run, say } from "./run.mjs";

const debianPackages = ["rustc-web", "cargo-web", "rust-web-src"];

/** @typedef {"target" | "sources"} StandardLibrary */

/**
 * @typedef {object} Road
 * @property {string} name how it was found, in words
 * @property {StandardLibrary} std the compiled library is there, or its sources are
 * @property {string} rustc
 * @property {string} cargo
 * @property {string} rustcSysroot where that rustc keeps its own libraries
 * @property {string | undefined} linker set where the toolchain has none of its own
 */

/** What rustup would fetch for each need. */
const rustupCommands = {
  target: ["target", "add", wasmTarget],
  sources: ["component", "add", "rust-src"],
};

/**
 * Where the standard library's sources are, if they are installed.
 * @param {string} rustcSysroot
 */
export function librarySources(rustcSysroot) {
  return join(rustcSysroot, "lib", "rustlib", "src", "rust");
}

/** @param {string} rustcSysroot */
function hasSources(rustcSysroot) {
  return existsSync(join(librarySources(rustcSysroot), "library", "std", "Cargo.toml"));
}

/** @param {string} rustcSysroot */
function hasTarget(rustcSysroot) {
  const library = join(rustcSysroot, "lib", "rustlib", wasmTarget, "lib");
  return existsSync(library) && readdirSync(library).some((file) => file.startsWith("libstd-"));
}

/**
 * The toolchain on the PATH.
 * @param {StandardLibrary} need
 * @returns {Road | undefined}
 */
function installed(need) {
  const rustcSysroot = ask("rustc", ["--print", "sysroot"]);
  if (!rustcSysroot) return undefined;
  if (!(need === "target" ? hasTarget(rustcSysroot) : hasSources(rustcSysroot))) return undefined;
  return {
    name: `the ${need === "target" ? `${wasmTarget} target` : "rust-src"} that is installed already`,
    std: need,
    // Not a bare "rustc": a wrapper of that name comes first on the PATH later.
    rustc: join(rustcSysroot, "bin", "rustc"),
    cargo: "cargo",
    rustcSysroot,
    linker: undefined,
  };
}

/**
 * @param {StandardLibrary} need
 * @returns {Promise<Road | undefined>}
 */
async function fetchedByRustup(need) {
  if (process.env.RUSTUP_AUTO_INSTALL === "0" || !ask("rustup", ["--version"])) return undefined;
  const command = rustupCommands[need];
  const shown = `rustup ${command.join(" ")}`;
  say(`setup: ${shown}`);
  try {
    await run("rustup", command);
  } catch (error) {
    say(`setup: it did not succeed: ${/** @type {Error} */ (error).message}`);
    return undefined;
  }
  const road = installed(need);
  return road && { ...road, name: shown };
}

/** The rust-lld that comes with every rustup toolchain; Debian's packages have none. */
function rustupLinker() {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  const host = ask("rustc", ["--print", "host-tuple"]);
  if (!sysroot || !host) return undefined;
  const linker = join(sysroot, "lib", "rustlib", host, "bin", "rust-lld");
  return existsSync(linker) ? linker : undefined;
}

/** @returns {Road | undefined} */
function debian() {
  const rustc = "/usr/bin/rustc";
  const cargo = "/usr/bin/cargo";
  if (!existsSync(rustc) || !existsSync(cargo)) return undefined;
  const rustcSysroot = ask(rustc, ["--print", "sysroot"]);
  const linker = rustupLinker();
  if (!rustcSysroot || !linker || !hasSources(rustcSysroot)) return undefined;
  return { name: "Debian's packages", std: "sources", rustc, cargo, rustcSysroot, linker };
}

/** @returns {Promise<Road | undefined>} */
async function debianInstalledNow() {
  if (!rustupLinker()) return undefined;
  if (!(await aptInstall(debianPackages))) return undefined;
  return debian();
}

/** @param {StandardLibrary} need */
function byHand(need) {
  const what = need === "target" ? `can build for ${wasmTarget}` : "has the library's sources";
  return new Failure(
    [
      `No Rust toolchain here ${what}. Run one of these by hand, then try again:`,
      `  rustup ${rustupCommands[need].join(" ")}`,
      "  apt-get update",
      `  apt-get install -y --no-install-recommends ${debianPackages.join(" ")}`,
      "apt-get: on Debian, as root; it also needs the rust-lld of any rustup toolchain.",
    ].join("\n"),
  );
}

/**
 * @param {StandardLibrary} need
 * @returns {Promise<Road>}
 */
export async function findRoad(need) {
  if (!ask("cargo", ["--version"]) || !ask("rustc", ["--version"])) {
    throw new Failure(
      "cargo and rustc are not on the PATH. Install Rust with rustup (https://rustup.rs), then try again.",
    );
  }
  const road =
    installed(need) ?? (await fetchedByRustup(need)) ?? debian() ?? (await debianInstalledNow());
  if (!road) throw byHand(need);
  return road;
}
