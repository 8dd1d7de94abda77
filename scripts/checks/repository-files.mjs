// The files the checks look at: tracked ones, and new ones that git does not ignore.
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "../toolchain/paths.mjs";
import { run } from "../toolchain/run.mjs";

/** @returns {Promise<string[]>} paths relative to the root */
export async function repositoryFiles() {
  const listed = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  // A deleted file stays listed until the deletion is staged.
  return listed.split("\0").filter((path) => path !== "" && existsSync(inRoot(path)));
}

/** @param {string} path relative to the root */
export function read(path) {
  return readFileSync(inRoot(path), "utf8");
}

/**
 * @param {string} text
 * @param {number} index
 */
export function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}
