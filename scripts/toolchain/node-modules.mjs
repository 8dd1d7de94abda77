// Brings node_modules to what package-lock.json says, here and in the folders that have a
// package.json of their own.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { run, say } from "./run.mjs";

/**
 * @typedef {{ version?: string, optional?: boolean }} Locked
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
function lockedPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

/**
 * @param {string} [folder] relative to the root; the root itself by default
 * @param {string[]} [options] of `npm ci`
 */
export async function ensureNodeModules(folder = ".", options = []) {
  const wanted = lockedPackages(inRoot(folder, "package-lock.json"));
  const installed = lockedPackages(inRoot(folder, "node_modules", ".package-lock.json"));
  const missing = Object.entries(wanted).some(
    // Optional packages are those of other systems and processors.
    ([path, { version, optional }]) =>
      path !== "" && !optional && installed[path]?.version !== version,
  );
  if (!missing) return;
  say(`setup: npm ci${folder === "." ? "" : ` in ${folder}`}`);
  await run("npm", ["ci", "--no-audit", "--no-fund", ...options], { cwd: inRoot(folder) });
}

/** What the tests of the packed package need: other runtimes, bundlers. */
export function ensurePackageTestModules() {
  return ensureNodeModules("test/package", ["--ignore-scripts"]);
}
