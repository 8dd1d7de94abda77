// Where things lie in a checkout. Nothing here touches the disk.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Downloaded and built tools, caches and locks; ignored by git, safe to delete. */
export const tools = join(root, ".tools");

export const wasmTarget = "wasm32-unknown-unknown";

/** @param {string[]} parts a path below the root */
export function inRoot(...parts) {
  return join(root, ...parts);
}

/** @param {string[]} parts a path below the tools folder */
export function inTools(...parts) {
  return join(tools, ...parts);
}

/** @param {string} name a command-line tool from the development dependencies */
export function npmTool(name) {
  return inRoot("node_modules", ".bin", name);
}
