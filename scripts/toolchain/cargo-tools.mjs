// The command-line tools of the WASM build that come from crates.io, in a folder
// of the project: nobody's own installation is used or changed.
import { inTools } from "./paths.mjs";
import { ask, run, say } from "./run.mjs";

/**
 * wasm-bindgen must have exactly the version of the crate in Cargo.lock.
 * @type {{ name: string, crate: string, version: string }[]}
 */
export const cargoTools = [
  { name: "wasm-bindgen", crate: "wasm-bindgen-cli", version: "0.2.127" },
  { name: "wasm-pack", crate: "wasm-pack", version: "0.15.1" },
];

export const cargoToolsBin = inTools("cargo", "bin");

/** Installs what is missing or of another version. Debug form: it builds much faster and runs fast enough. */
export async function ensureCargoTools() {
  for (const { name, crate, version } of cargoTools) {
    const found = ask(`${cargoToolsBin}/${name}`, ["--version"]);
    if (found === `${name} ${version}`) continue;
    say(`setup: cargo install ${crate} ${version} (a few minutes)`);
    const args = ["install", crate, "--version", version, "--bin", name, "--locked", "--debug"];
    // Variables that steer the project's own builds must not reach the tools'.
    const env = {
      RUSTFLAGS: undefined,
      CARGO_ENCODED_RUSTFLAGS: undefined,
      CARGO_TARGET_DIR: undefined,
    };
    await run("cargo", [...args, "--force", "--root", inTools("cargo")], { env });
  }
}
