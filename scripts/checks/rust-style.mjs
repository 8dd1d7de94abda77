// rustfmt and clippy, as they come, with warnings denied.
import { capture } from "../toolchain/run.mjs";

/** @typedef {import("../check.mjs").Check} Check */

/**
 * @param {string[]} args
 * @returns {Promise<string[]>}
 */
async function cargo(args) {
  const { code, output } = await capture("cargo", args);
  return code === 0 ? [] : [output.trim()];
}

/** @type {Check} */
export const rustfmt = {
  name: "rustfmt",
  find: () => cargo(["fmt", "--all", "--check", "--", "--color=never"]),
};

/** @type {Check} */
export const clippy = {
  name: "clippy",
  async find() {
    const deny = ["--quiet", "--", "-D", "warnings"];
    return [
      ...(await cargo(["clippy", "--workspace", "--all-targets", ...deny])),
      // The form that only predicts, whose tests are those of the whole.
      ...(await cargo(["clippy", "--package", "gradus-wasm", "--no-default-features", ...deny])),
    ];
  },
};
