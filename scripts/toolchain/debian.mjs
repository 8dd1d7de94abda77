// Installs Debian's packages, where this is Debian and we may.
import { existsSync } from "node:fs";
import { ask, run, say } from "./run.mjs";

/**
 * @param {string[]} packages
 * @returns {Promise<boolean>} whether they are installed now
 */
export async function aptInstall(packages) {
  if (!existsSync("/etc/debian_version")) return false;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && ask("sudo", ["-n", "true"]) === undefined) return false;
  say(`setup: apt-get install ${packages.join(" ")}`);
  /** @param {string[]} args */
  const aptGet = (args) =>
    isRoot ? run("apt-get", args) : run("sudo", ["-n", "apt-get", ...args]);
  try {
    await aptGet(["update"]);
    await aptGet(["install", "-y", "--no-install-recommends", ...packages]);
    return true;
  } catch (error) {
    say(`setup: it did not succeed: ${/** @type {Error} */ (error).message}`);
    return false;
  }
}
