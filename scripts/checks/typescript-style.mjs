// The TypeScript compiler in strict mode, Biome as formatter and linter, TypeDoc over the docstrings.
import { ensurePackageTestModules } from "../toolchain/node-modules.mjs";
import { npmTool } from "../toolchain/paths.mjs";
import { capture } from "../toolchain/run.mjs";

/** @typedef {import("../check.mjs").Check} Check */

/** @type {Check} */
export const types = {
  name: "types",
  async find() {
    await ensurePackageTestModules();
    const projects = ["tsconfig.json", "tsconfig.scripts.json", "test/package/tsconfig.json"];
    const runs = projects.map((project) => capture(npmTool("tsc"), ["--project", project]));
    const results = await Promise.all(runs);
    return results.filter(({ code }) => code !== 0).map(({ output }) => output.trim());
  },
};

/** Everything public has a docstring, and links in pages and docstrings lead somewhere. */
/** @type {Check} */
export const docs = {
  name: "docs",
  async find() {
    const { code, output } = await capture(npmTool("typedoc"), []);
    return code === 0 ? [] : [output.trim()];
  },
};

/** @type {Check} */
export const biome = {
  name: "biome",
  async find() {
    const args = ["ci", "--error-on-warnings", "--max-diagnostics=50", "--colors=off"];
    const { code, output } = await capture(npmTool("biome"), args);
    return code === 0 ? [] : [output.trim()];
  },
};
