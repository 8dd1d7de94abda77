// Bundles what tsc wrote into build/ts: one JavaScript file and one declaration
// file per entry point, so that a package's user loads and resolves few files.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { dts } from "rollup-plugin-dts";
import { minify } from "terser";

const glue = "build/wasm/strict/gradus_wasm";

/**
 * Connects tsc's output: the generated glue lies outside of it, and source maps
 * must reach back to the TypeScript.
 * @param {".js" | ".d.ts"} extension of the files that are bundled
 * @returns {import("rollup").Plugin}
 */
function compiledTypeScript(extension) {
  return {
    name: "compiled-typescript",
    resolveId(source) {
      // The path is right for ts/runtime/, not for build/ts/runtime/.
      if (!source.endsWith(`${glue}.js`)) return null;
      return fileURLToPath(new URL(`${glue}${extension}`, import.meta.url));
    },
    load(id) {
      if (!existsSync(`${id}.map`)) return null;
      return { code: readFileSync(id, "utf8"), map: readFileSync(`${id}.map`, "utf8") };
    },
  };
}

/**
 * Makes the file small; class names stay, because users see them in errors and inspectors.
 * @returns {import("rollup").Plugin}
 */
function minified() {
  return {
    name: "minified",
    async renderChunk(code) {
      const options = { module: true, keep_classnames: true, sourceMap: { asObject: true } };
      const { code: small = "", map } = await minify(code, options);
      return { code: small, map: /** @type {import("rollup").SourceMapInput} */ (map) };
    },
  };
}

const external = [/^node:/];

/** @type {import("rollup").RollupOptions[]} */
const bundles = [
  {
    input: "build/ts/index.js",
    external,
    // Comments would be more than half of the file; the source map leads back to them.
    plugins: [compiledTypeScript(".js"), minified()],
    output: { dir: "dist", format: "es", sourcemap: true },
  },
  {
    // Named, because the default name would keep the ".d".
    input: { index: "build/ts/index.d.ts" },
    external,
    plugins: [compiledTypeScript(".d.ts"), dts()],
    output: { dir: "dist", format: "es", entryFileNames: "[name].d.ts" },
  },
];

export default bundles;
