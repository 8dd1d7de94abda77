// Brings node_modules to what package-lock.json says.
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

export async function ensureNodeModules() {
  const wanted = lockedPackages(inRoot("package-lock.json"));
  const installed = lockedPackages(inRoot("node_modules", ".package-lock.json"));
  const missing = Object.entries(wanted).some(
    // Optional packages are those of other systems and processors.
    ([path, { version, optional }]) =>
      path !== "" && !optional && installed[path]?.version !== version,
  );
  if (!missing) return;
  say("setup: npm ci");
  await run("npm", ["ci", "--no-audit", "--no-fund"]);
}
