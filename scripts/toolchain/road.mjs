// Finds a Rust toolchain that can build for WebAssembly: one with the standard library's
// sources, from which `sysroot.mjs` builds the library. In this order:
//   1. they are installed already;
//   2. rustup may fetch them (never where RUSTUP_AUTO_INSTALL is 0);
//   3. Debian's packages, which carry the sources;
//   4. none: say which commands to run by hand.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { aptInstall } from "./debian.mjs";
import { ask, Failure, run, say } from "./run.mjs";

const debianPackages = ["rustc-web", "cargo-web", "rust-web-src"];

/**
 * @typedef {object} Road
 * @property {string} name how it was found, in words
 * @property {string} rustc
 * @property {string} cargo
 * @property {string} rustcSysroot where that rustc keeps its own libraries
 * @property {string | undefined} linker set where the toolchain has none of its own
 */

/** What rustup fetches them by. */
const rustupCommand = ["component", "add", "rust-src"];

/** The first compiler that knows all flags of the builds. */
const oldest = 92;

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

/** @param {string} rustc */
function isNewEnough(rustc) {
  const [, minor] = /^rustc 1\.(\d+)/.exec(ask(rustc, ["--version"]) ?? "") ?? [];
  return Number(minor) >= oldest;
}

/**
 * The toolchain on the PATH.
 * @returns {Road | undefined}
 */
function installed() {
  const rustcSysroot = ask("rustc", ["--print", "sysroot"]);
  if (!rustcSysroot || !hasSources(rustcSysroot) || !isNewEnough("rustc")) return undefined;
  return {
    name: "the rust-src that is installed already",
    // Not a bare "rustc": a wrapper of that name comes first on the PATH later.
    rustc: join(rustcSysroot, "bin", "rustc"),
    cargo: "cargo",
    rustcSysroot,
    linker: undefined,
  };
}

/** @returns {Promise<Road | undefined>} */
async function fetchedByRustup() {
  if (process.env.RUSTUP_AUTO_INSTALL === "0" || !ask("rustup", ["--version"])) return undefined;
  if (!isNewEnough("rustc")) return undefined;
  const shown = `rustup ${rustupCommand.join(" ")}`;
  say(`setup: ${shown}`);
  try {
    await run("rustup", rustupCommand);
  } catch (error) {
    say(`setup: it did not succeed: ${/** @type {Error} */ (error).message}`);
    return undefined;
  }
  const road = installed();
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
  if (!isNewEnough(rustc)) return undefined;
  return { name: "Debian's packages", rustc, cargo, rustcSysroot, linker };
}

/** @returns {Promise<Road | undefined>} */
async function debianInstalledNow() {
  if (!rustupLinker()) return undefined;
  if (!(await aptInstall(debianPackages))) return undefined;
  return debian();
}

function byHand() {
  return new Failure(
    [
      `No Rust of 1.${oldest} or newer here has the sources of its library. Run one of these by hand,`,
      "then try again:",
      `  rustup ${rustupCommand.join(" ")}`,
      "  apt-get update",
      `  apt-get install -y --no-install-recommends ${debianPackages.join(" ")}`,
      "apt-get: on Debian, as root; it also needs the rust-lld of any rustup toolchain.",
    ].join("\n"),
  );
}

/** @returns {Promise<Road>} */
export async function findRoad() {
  if (!ask("cargo", ["--version"]) || !ask("rustc", ["--version"])) {
    throw new Failure(
      "cargo and rustc are not on the PATH. Install Rust with rustup (https://rustup.rs), then try again.",
    );
  }
  const road = installed() ?? (await fetchedByRustup()) ?? debian() ?? (await debianInstalledNow());
  if (!road) throw byHand();
  return road;
}
