// Finds a Rust toolchain that can build for WebAssembly, in a fixed order:
//   1. the target's standard library is installed already;
//   2. rustup may fetch it (never where RUSTUP_AUTO_INSTALL is 0);
//   3. Debian's packages, whose library sources are built here once;
//   4. none: say which commands to run by hand.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { wasmTarget } from "./paths.mjs";
import { ask, Failure, run, say } from "./run.mjs";

const debianPackages = ["rustc-web", "cargo-web", "rust-web-src"];

/**
 * @typedef {object} Road
 * @property {string} name how it was found, in words
 * @property {"target" | "sources"} std whether the target's library is there or must be built
 * @property {string} rustc
 * @property {string} cargo
 * @property {string} rustcSysroot where that rustc keeps its own libraries
 * @property {string | undefined} linker set where the toolchain has none of its own
 */

/** The rust-lld that comes with every rustup toolchain; Debian's packages have none. */
function findLinker() {
  const sysroot = ask("rustc", ["--print", "sysroot"]);
  const host = ask("rustc", ["--print", "host-tuple"]);
  if (!sysroot || !host) return undefined;
  const linker = join(sysroot, "lib", "rustlib", host, "bin", "rust-lld");
  return existsSync(linker) ? linker : undefined;
}

/** @returns {Road | undefined} */
function installedTarget() {
  const library = ask("rustc", ["--print", "target-libdir", "--target", wasmTarget]);
  const rustcSysroot = ask("rustc", ["--print", "sysroot"]);
  if (!library || !rustcSysroot || !existsSync(library)) return undefined;
  const found = readdirSync(library).some((file) => file.startsWith("libstd-"));
  if (!found) return undefined;
  return {
    name: `the ${wasmTarget} target that is installed already`,
    std: "target",
    rustc: "rustc",
    cargo: "cargo",
    rustcSysroot,
    linker: undefined,
  };
}

/** @returns {Promise<Road | undefined>} */
async function rustupTarget() {
  if (process.env.RUSTUP_AUTO_INSTALL === "0" || !ask("rustup", ["--version"])) return undefined;
  say(`setup: rustup target add ${wasmTarget}`);
  try {
    await run("rustup", ["target", "add", wasmTarget]);
  } catch (error) {
    say(`setup: rustup could not add the target: ${/** @type {Error} */ (error).message}`);
    return undefined;
  }
  const road = installedTarget();
  return road && { ...road, name: `rustup target add ${wasmTarget}` };
}

/** @returns {Road | undefined} */
function debianToolchain() {
  const rustc = "/usr/bin/rustc";
  const cargo = "/usr/bin/cargo";
  if (!existsSync(rustc) || !existsSync(cargo)) return undefined;
  const rustcSysroot = ask(rustc, ["--print", "sysroot"]);
  const linker = findLinker();
  if (!rustcSysroot || !linker || !librarySources(rustcSysroot)) return undefined;
  return { name: "Debian's packages", std: "sources", rustc, cargo, rustcSysroot, linker };
}

/** @returns {Promise<Road | undefined>} */
async function debianPackagesInstalled() {
  if (!existsSync("/etc/debian_version") || !findLinker()) return undefined;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && ask("sudo", ["-n", "true"]) === undefined) return undefined;
  say(`setup: apt-get install ${debianPackages.join(" ")}`);
  const install = ["install", "-y", "--no-install-recommends", ...debianPackages];
  const [command, before] = isRoot ? ["apt-get", []] : ["sudo", ["-n", "apt-get"]];
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run(command, [...before, "update"], { env });
    await run(command, [...before, ...install], { env });
  } catch (error) {
    say(`setup: apt-get did not succeed: ${/** @type {Error} */ (error).message}`);
    return undefined;
  }
  return debianToolchain();
}

/**
 * The folder with the standard library's sources, where it is installed.
 * @param {string} rustcSysroot
 */
export function librarySources(rustcSysroot) {
  const folder = join(rustcSysroot, "lib", "rustlib", "src", "rust");
  return existsSync(join(folder, "library", "std", "Cargo.toml")) ? folder : undefined;
}

function byHand() {
  return new Failure(
    [
      `No Rust toolchain here can build for ${wasmTarget}. Run one of these by hand, then try again:`,
      `  rustup target add ${wasmTarget}`,
      `  apt-get update && apt-get install -y --no-install-recommends ${debianPackages.join(" ")}   (as root, on Debian)`,
      "The second one also needs the rust-lld of any rustup toolchain.",
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
  const road =
    installedTarget() ??
    (await rustupTarget()) ??
    debianToolchain() ??
    (await debianPackagesInstalled());
  if (!road) throw byHand();
  return road;
}
