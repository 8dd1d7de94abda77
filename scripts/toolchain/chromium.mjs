// Finds Chromium for the tests in a browser; installs Debian's where it may.
import { existsSync } from "node:fs";
import { aptInstall } from "./debian.mjs";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * The path of a Chromium; undefined where there is none and none can be installed.
 * @returns {Promise<string | undefined>}
 */
export async function findChromium() {
  const found = () => [process.env.CHROMIUM ?? "", ...places].find((path) => existsSync(path));
  if (!found()) await aptInstall(["chromium"]);
  return found();
}
