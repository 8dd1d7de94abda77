// Bundles what tsc wrote into build/ts: one JavaScript file and one declaration
// file per entry point, so that a package's user loads and resolves few files.
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import MagicString from "magic-string";
import { minifySync } from "rolldown/utils";
import { dts } from "rollup-plugin-dts";
import { gluedVariants } from "./scripts/build/variants.mjs";

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
      const glue = glues.find(({ path }) => source.endsWith(`/${path}.js`));
      if (!glue) return null;
      return fileURLToPath(new URL(`${glue.path}${extension}`, import.meta.url));
    },
    load(id) {
      if (!existsSync(`${id}.map`)) return null;
      return { code: readFileSync(id, "utf8"), map: readFileSync(`${id}.map`, "utf8") };
    },
  };
}

/** What every glue does for others and we do ourselves, and what takes its place. */
const unusedGlue = [
  // Ours has another name and is always handed over, and bundlers for browsers fail at an address
  // of nothing.
  [/ {4}if \(module_or_path === undefined\) \{\n.*new URL\(.*\n {4}\}\n/, ""],
  [/ {4}if \(typeof module_or_path === 'string' .*\n.*fetch.*\n {4}\}\n/, ""],
  // It gets compiled modules only.
  [
    /(async function __wbg_load\(module, imports\) \{\n)[\s\S]*?\n\}\n/,
    "$1    return { instance: await WebAssembly.instantiate(module, imports), module };\n}\n",
  ],
  // Our own calls are right.
  [
    / {4}if \((\w+) !== undefined\) \{\n {8}if \(Object.getPrototypeOf.*\n {12}\((\{.*\}) = \1\)[\s\S]*?\n {4}\}\n/g,
    "    ($2 = $1);\n",
  ],
  // An engine lives as long as its memory: there is one of each.
  [/ {4}__destroy_into_raw\(\) \{\n[\s\S]*?\n {4}\}\n {4}free\(\) \{\n[\s\S]*?\n {4}\}\n/, ""],
  [/ {8}EngineFinalization\.register\(.*\n/, ""],
  [/^const EngineFinalization = [\s\S]*?;\n/m, ""],
  // Whoever imports neither it nor what needs it gets nothing of it.
  [/^if \(Symbol\.dispose\) .*\n/m, ""],
];

/** The same of the glue for shared memory. */
const unusedWithThreads = [
  // Shared memory takes no text directly. Whoever does not start an engine needs none of it.
  [
    /const cachedTextEncoder = [\s\S]*?\nif \(cachedTextEncoder\) \{\n[\s\S]*?\n\}\n/,
    `const cachedTextEncoder = {
    encode: (text) => new TextEncoder().encode(text),
    encodeInto(text, view) {
        const bytes = this.encode(text);
        view.set(bytes);
        return { read: text.length, written: bytes.length };
    },
};
`,
  ],
  [/^if \(cachedTextDecoder\) .*\n/m, ""],
];

/** The same of the glue without threads. */
const unusedWithoutThreads = [[/^cachedTextDecoder\.decode\(\);\n/m, ""]];

/** What drives the builds of the engine. */
const glues = gluedVariants.map(({ glue }) => {
  const path = `build/wasm/${glue}/gradus_wasm`;
  return { path, unused: glue.startsWith("threads-") ? unusedWithThreads : unusedWithoutThreads };
});

/**
 * Takes out of the glue what is of no use here.
 * @returns {import("rollup").Plugin}
 */
function trimmedGlue() {
  return {
    name: "trimmed-glue",
    transform(code, id) {
      const found = glues.find(({ path }) => id.endsWith(`/${path}.js`));
      if (!found) return null;
      let trimmed = code;
      for (const [part, instead] of [...unusedGlue, ...found.unused]) {
        if (trimmed.search(part) < 0) throw new Error(`${id}: no ${part} to take out`);
        trimmed = trimmed.replace(part, /** @type {string} */ (instead));
      }
      return { code: trimmed, map: null };
    },
  };
}

/**
 * @typedef {{ type: string, start: number, end: number }} Node
 * @typedef {Record<string, unknown>} Fields
 */

/**
 * The nodes of a tree of syntax, with those in them; not in the nodes that `enter` says no to.
 * @param {unknown} tree
 * @param {(node: Node & Fields) => boolean | void} enter
 */
function walk(tree, enter) {
  if (typeof tree !== "object" || tree === null) return;
  if (!("type" in tree) || enter(/** @type {Node & Fields} */ (tree)) !== false) {
    for (const part of Object.values(tree)) walk(part, enter);
  }
}

/**
 * Refuses modules that do anything when they are loaded but make values: whoever bundles the
 * package shall get what he imports and what that needs.
 * @returns {import("rollup").Plugin}
 */
function withoutSideEffects() {
  const harmless = /^(Import|Export|Function|Class|Variable)/;
  return {
    name: "without-side-effects",
    renderChunk(code) {
      for (const statement of this.parse(code).body) {
        const { type, start, end } = /** @type {Node} */ (/** @type {unknown} */ (statement));
        const refuse = () => {
          throw new Error(`when loaded: ${code.slice(start, end)}`);
        };
        if (!harmless.test(type)) refuse();
        walk(statement, (node) => (node.type === "StaticBlock" ? refuse() : true));
      }
      return null;
    },
  };
}

/**
 * Makes the file small; class names stay, because users see them in errors and inspectors.
 * @returns {import("rollup").Plugin}
 */
function minified() {
  const keepNames = { class: true, function: false };
  return {
    name: "minified",
    renderChunk(code, { fileName }) {
      const { map, errors, ...small } = minifySync(fileName, code, {
        module: true,
        compress: { target: "es2022", keepNames },
        mangle: { toplevel: true, keepNames },
        sourcemap: true,
      });
      if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
      return { code: small.code, map: /** @type {import("rollup").SourceMapInput} */ (map) };
    },
  };
}

/** With every uncaught error Node prints the line that threw it: none shall be much longer. */
const lineLength = 1000;

/** Lists in which a line may end before any part but the first. */
const lists = [
  "body",
  "elements",
  "properties",
  "arguments",
  "expressions",
  "declarations",
  "specifiers",
];

/**
 * Says to bundlers of each call at the top level that nobody misses what it makes where that is not
 * used, and ends lines. Minifiers take both out, so it comes after them.
 * @returns {import("rollup").Plugin}
 */
function markedAndBroken() {
  return {
    name: "marked-and-broken",
    renderChunk(code) {
      const text = new MagicString(code);
      const { body } = this.parse(code);
      for (const statement of body) {
        if (statement.type !== "VariableDeclaration") continue;
        walk(statement.declarations, ({ type, start }) => {
          if (/^(Call|New)Expression$/.test(type)) text.appendLeft(start, "/*@__PURE__*/");
          // What stands in functions is not done yet.
          return !/Function|Class/.test(type);
        });
      }
      /** @type {number[]} */
      const gaps = [];
      walk({ type: "Program", body }, ({ type, ...fields }) => {
        if (type === "TemplateLiteral") return false;
        for (const list of lists) {
          const parts = /** @type {(Node | null)[]} */ (fields[list]);
          if (Array.isArray(parts)) gaps.push(...parts.slice(1).map((part) => part?.start ?? 0));
        }
        return true;
      });
      let end = 0;
      for (const gap of gaps.sort((a, b) => a - b)) {
        if (gap - end < lineLength) continue;
        text.appendLeft(gap, "\n");
        end = gap;
      }
      return { code: text.toString(), map: text.generateMap({ hires: "boundary" }) };
    },
  };
}

/**
 * Makes a form of the package that has its engine elsewhere, or another engine.
 * @param {string} form of ts/runtime/packaged.ts: "inline"
 * @param {string} [glue] form of ts/runtime/bindings.ts; as it is by default
 * @returns {import("rollup").Plugin}
 */
function withEngine(form, glue) {
  const forms = Object.entries({ packaged: form, ...(glue ? { bindings: glue } : {}) });
  return {
    name: "with-engine",
    resolveId(source, importer) {
      const found = forms.find(([file]) => source.endsWith(`/${file}.js`));
      if (!importer || !found || importer.endsWith(`${found.join(".")}.js`)) return null;
      return resolve(dirname(importer), `${found.join(".")}.js`);
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
 * Leaves imports of .wasm files to whoever bundles the worker, in the form that all of them take.
 * @returns {import("rollup").Plugin}
 */
function importedWasm() {
  return {
    name: "imported-wasm",
    resolveId: (source) =>
      source.endsWith(".wasm") ? { id: `${source}?module`, external: true } : null,
  };
}

const external = [/^node:/];

/**
 * One JavaScript file. Comments would be more than half of it; the source map leads back to them,
 * and holds them, since the package has no folder of sources.
 * @param {string} name of the file
 * @param {import("rollup").Plugin[]} plugins
 * @param {{ input?: string, isProgram?: boolean }} [options] an entry of its own; whether it does
 *   something when it is loaded
 * @returns {import("rollup").RollupOptions}
 */
function bundle(name, plugins, { input = "index.js", isProgram = false } = {}) {
  return {
    input: { [name]: `build/ts/${input}` },
    external,
    plugins: [
      ...[...plugins, compiledTypeScript(".js"), trimmedGlue()],
      ...(isProgram ? [] : [withoutSideEffects()]),
      ...[minified(), markedAndBroken()],
    ],
    output: { dir: "dist", format: "es", sourcemap: true },
  };
}

/**
 * One declaration file.
 * @param {string} name
 * @param {string} input
 * @returns {import("rollup").RollupOptions}
 */
function types(name, input) {
  return {
    // Named, because the default name would keep the ".d".
    input: { [name]: input },
    external,
    plugins: [compiledTypeScript(".d.ts"), dts()],
    output: { dir: "dist", format: "es", entryFileNames: "[name].d.ts" },
  };
}

const predictOnly = { input: "infer/index.js" };

/** @type {import("rollup").RollupOptions[]} */
const bundles = [
  bundle("worker", [], { input: "models/remote/worker.js", isProgram: true }),
  bundle("pool-worker", [], { input: "runtime/pool-worker.js", isProgram: true }),
  bundle("index", []),
  bundle("inline", [withEngine("inline"), base64(), scriptText()]),
  bundle("edge", [withEngine("edge"), importedWasm()]),
  bundle("infer", [withEngine("infer", "infer")], predictOnly),
  bundle("infer-edge", [withEngine("infer-edge", "infer"), importedWasm()], predictOnly),
  types("index", "build/ts/index.d.ts"),
  types("infer", "build/ts/infer/index.d.ts"),
];

export default bundles;
