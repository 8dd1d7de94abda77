// Bundles what tsc wrote into build/ts: one JavaScript file and one declaration
// file per entry point, so that a package's user loads and resolves few files.
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { dts } from "rollup-plugin-dts";
import { minify } from "terser";

const glue = "build/wasm/threads-strict/gradus_wasm";

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
 * Takes out where the glue would look for its file by itself: ours has another name, is always
 * handed over, and bundlers for browsers fail at an address of nothing.
 * @returns {import("rollup").Plugin}
 */
function withoutOwnAddress() {
  const address = "new URL('gradus_wasm_bg.wasm', import.meta.url)";
  return {
    name: "without-own-address",
    transform(code, id) {
      if (!id.endsWith(`${glue}.js`)) return null;
      if (!code.includes(address)) throw new Error(`${id}: no ${address} to take out`);
      return { code: code.replace(address, "undefined"), map: null };
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
      // In shorter lines: with every uncaught error Node prints the line that threw it.
      const { code: small = "", map } = await minify(code, {
        module: true,
        keep_classnames: true,
        format: { max_line_len: 400, preserve_annotations: true },
        sourceMap: { asObject: true },
      });
      return { code: small, map: /** @type {import("rollup").SourceMapInput} */ (map) };
    },
  };
}

/**
 * Makes a form of the package that has its engine elsewhere.
 * @param {string} form of ts/runtime/packaged.ts: "inline"; the bundle is named after it
 * @returns {import("rollup").Plugin}
 */
function withEngine(form) {
  return {
    name: "with-engine",
    resolveId(source, importer) {
      if (!importer || !source.endsWith("/packaged.js")) return null;
      return resolve(dirname(importer), `packaged.${form}.js`);
    },
  };
}

/**
 * Gives the bytes of `file?base64` as text.
 * @returns {import("rollup").Plugin}
 */
function base64() {
  const suffix = "?base64";
  return {
    name: "base64",
    resolveId(source) {
      if (!source.endsWith(suffix)) return null;
      // The path is right for ts/runtime/, not for build/ts/runtime/.
      const path = source.slice(0, -suffix.length).replace(/^(\.\.\/)+/, "");
      return fileURLToPath(new URL(path, import.meta.url)) + suffix;
    },
    load(id) {
      if (!id.endsWith(suffix)) return null;
      const text = readFileSync(id.slice(0, -suffix.length)).toString("base64");
      return `export default "${text}";`;
    },
  };
}

/**
 * Gives the text of `file.js?text`, a bundle that was made before.
 * @returns {import("rollup").Plugin}
 */
function scriptText() {
  const suffix = "?text";
  return {
    name: "script-text",
    resolveId: (source) =>
      source.endsWith(suffix)
        ? fileURLToPath(new URL("dist/worker.js", import.meta.url)) + suffix
        : null,
    load(id) {
      if (!id.endsWith(suffix)) return null;
      const text = readFileSync(id.slice(0, -suffix.length), "utf8").replace(/^\/\/#.*$/m, "");
      return `export default ${JSON.stringify(text)};`;
    },
  };
}

/**
 * Leaves imports of .wasm files to whoever bundles the worker.
 * @returns {import("rollup").Plugin}
 */
function importedWasm() {
  return {
    name: "imported-wasm",
    resolveId: (source) => (source.endsWith(".wasm") ? { id: source, external: true } : null),
  };
}

const external = [/^node:/];

/**
 * One JavaScript file. Comments would be more than half of it; the source map leads back to them.
 * @param {string} name of the file
 * @param {import("rollup").Plugin[]} plugins
 * @param {{ sourcemap?: boolean, input?: string }} [options]
 * @returns {import("rollup").RollupOptions}
 */
function bundle(name, plugins, { sourcemap = true, input = "index.js" } = {}) {
  return {
    input: { [name]: `build/ts/${input}` },
    external,
    plugins: [...plugins, compiledTypeScript(".js"), withoutOwnAddress(), minified()],
    output: { dir: "dist", format: "es", sourcemap },
  };
}

/** @type {import("rollup").RollupOptions[]} */
const bundles = [
  bundle("worker", [], { input: "models/remote/worker.js" }),
  bundle("pool-worker", [], { input: "runtime/pool-worker.js" }),
  bundle("index", []),
  bundle("inline", [withEngine("inline"), base64(), scriptText()], { sourcemap: false }),
  bundle("workerd", [withEngine("workerd"), importedWasm()]),
  {
    // Named, because the default name would keep the ".d".
    input: { index: "build/ts/index.d.ts" },
    external,
    plugins: [compiledTypeScript(".d.ts"), dts()],
    output: { dir: "dist", format: "es", entryFileNames: "[name].d.ts" },
  },
];

export default bundles;
