// Brings node_modules to what package-lock.json says, here and in the folders that have a
// package.json of their own.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { run, say } from "./run.mjs";

/**
 * @typedef {object} Locked
 * @property {string} [version]
 * @property {boolean} [optional]
 * @property {string | string[]} [os] systems it is for; any where there is none
 * @property {string | string[]} [cpu] processors it is for
 * @property {Record<string, string>} [optionalDependencies]
 * @param {string} path
 * @returns {Record<string, Locked>}
 */
function lockedPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

/**
 * Whether a package ought to be here: optional ones only where the project itself names them and
 * they are made for this machine.
 * @param {string} path in node_modules
 * @param {Locked} locked
 * @param {Locked | undefined} project
 */
function belongsHere(path, { optional, os, cpu }, project) {
  if (!optional) return true;
  const name = path.replace(/^node_modules\//, "");
  const named = Object.hasOwn(project?.optionalDependencies ?? {}, name);
  const fits = (/** @type {string | string[] | undefined} */ made, /** @type {string} */ here) =>
    made === undefined || [made].flat().includes(here);
  return named && fits(os, process.platform) && fits(cpu, process.arch);
}

/**
 * @param {string} [folder] relative to the root; the root itself by default
 * @param {string[]} [options] of `npm ci`
 */
export async function ensureNodeModules(folder = ".", options = []) {
  const wanted = lockedPackages(inRoot(folder, "package-lock.json"));
  const installed = lockedPackages(inRoot(folder, "node_modules", ".package-lock.json"));
  const missing = Object.entries(wanted).some(
    ([path, locked]) =>
      path !== "" &&
      belongsHere(path, locked, wanted[""]) &&
      installed[path]?.version !== locked.version,
  );
  if (!missing) return;
  say(`setup: npm ci${folder === "." ? "" : ` in ${folder}`}`);
  await run("npm", ["ci", "--no-audit", "--no-fund", ...options], { cwd: inRoot(folder) });
}

/** What the tests of the packed package need: other runtimes, bundlers. */
export function ensurePackageTestModules() {
  return ensureNodeModules("test/package", ["--ignore-scripts"]);
}
