// A lock between processes, so that two builds started at once wait for each
// other instead of writing into the same folder.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { inTools, tools } from "./paths.mjs";
import { say } from "./run.mjs";

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} path the lock's owner, or 0 where there is none */
function ownerOf(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return 0;
  }
}

/** @param {string} path */
function tryTake(path) {
  // Written aside and linked into place: the lock never exists without its owner's number.
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the lock of a process that ended without giving it back.
 * @param {string} path
 * @param {number} deadOwner
 */
function dropStale(path, deadOwner) {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
    // Another waiter may have been faster, and this is its fresh lock: put it back.
    if (ownerOf(aside) !== deadOwner) linkSync(aside, path);
  } catch {
    // Gone or taken meanwhile: the caller tries again.
  }
  rmSync(aside, { force: true });
}

/**
 * Runs `body` while no other process runs one under the same name.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withLock(name, body) {
  mkdirSync(tools, { recursive: true });
  const path = inTools(`${name}.lock`);
  for (let round = 0; !tryTake(path); round++) {
    const owner = ownerOf(path);
    if (owner !== 0 && !isAlive(owner)) {
      dropStale(path, owner);
      continue;
    }
    if (round === 5) say(`waiting for process ${owner}, which holds the ${name} lock`);
    await sleep(200);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await body();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}
