// Keeps this machine's folders out of compiled artefacts. Compiled code may name
// its source files; with their real paths an artefact would betray its builder, and
// differ from one machine to the next.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Compiler flags that show `folder` under another name. Later flags win over earlier ones.
 * @param {string} folder
 * @param {string} shown
 */
export function remapPath(folder, shown) {
  const real = existsSync(folder) ? realpathSync(folder) : folder;
  return [...new Set([folder, real])].map((path) => `--remap-path-prefix=${path}=${shown}`);
}

/**
 * The same for everything that is compiled in from outside the repository.
 * @param {string} librarySources the standard library's
 */
export function dependencyRemapping(librarySources) {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  // One folder per registry, named after its host and a hash.
  const registry = join(cargoHome, "registry", "src");
  const registries = existsSync(registry) ? readdirSync(registry) : [];
  return [
    ...remapPath(cargoHome, "/cargo"),
    ...registries.flatMap((name) => remapPath(join(registry, name), "/cargo")),
    ...remapPath(librarySources, "/rustc"),
  ];
}
