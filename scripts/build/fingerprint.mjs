// Decides whether a build step has anything to do: a step is skipped while a hash
// over everything it reads is the one of its last success and its outputs are there.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot, inTools } from "../toolchain/paths.mjs";

/**
 * All files below the given paths, in a fixed order, as paths relative to the root.
 * @param {string[]} paths files or folders
 * @param {(path: string) => boolean} [keep] also asked about folders
 * @returns {string[]}
 */
export function filesBelow(paths, keep = () => true) {
  return paths.flatMap((path) => {
    if (!existsSync(inRoot(path)) || !keep(path)) return [];
    if (!statSync(inRoot(path)).isDirectory()) return [path];
    const inside = readdirSync(inRoot(path)).sort();
    return filesBelow(
      inside.map((name) => join(path, name)),
      keep,
    );
  });
}

/**
 * @param {string[]} files relative to the root
 * @param {string[]} facts whatever else the result depends on: versions, flags
 */
export function fingerprint(files, facts = []) {
  const hash = createHash("sha256");
  hash.update(JSON.stringify(facts));
  for (const file of files) {
    const content = readFileSync(inRoot(file));
    hash.update(`\n${file} ${content.length}\n`);
    hash.update(content);
  }
  return hash.digest("hex");
}

/** @param {string} step */
const stampOf = (step) => inTools("stamps", step);

/**
 * @param {string} step
 * @param {string} print the fingerprint of what the step would read now
 * @param {string[]} outputs relative to the root
 */
export function isUpToDate(step, print, outputs) {
  const stamp = stampOf(step);
  return (
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === print &&
    outputs.every((file) => existsSync(inRoot(file)))
  );
}

/**
 * @param {string} step
 * @param {string} print taken before the step read anything
 */
export function markDone(step, print) {
  mkdirSync(inTools("stamps"), { recursive: true });
  writeFileSync(stampOf(step), print);
}
