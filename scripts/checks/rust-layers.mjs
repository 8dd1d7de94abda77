// What the crates may know of each other and of the outside: arrows point downward.

import { run } from "../toolchain/run.mjs";
import { lineAt, read, repositoryFiles } from "./repository-files.mjs";

/** @typedef {import("../check.mjs").Check} Check */

/** From the bottom up: a crate may depend on those before it. */
const crates = ["gradus-kernels", "gradus-heap", "gradus-core", "gradus-gpu", "gradus-wasm"];

/** @type {{ what: string, pattern: RegExp, only: string[] }[]} */
const confined = [
  { what: "unsafe", pattern: /\bunsafe\b/g, only: ["crates/kernels/", "crates/heap/"] },
  { what: "core::arch", pattern: /\b(?:core|std)\s*::\s*arch\b/g, only: ["crates/kernels/"] },
  { what: "wasm_bindgen", pattern: /\bwasm_bindgen\b/g, only: ["crates/wasm/"] },
];

const commentOrText =
  /\/\/.*|\/\*[\s\S]*?\*\/|\bb?r(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\.|[^'\\])'/g;

/**
 * Rust without comments and string contents; line numbers stay.
 * @param {string} source
 */
function codeOnly(source) {
  return source.replace(commentOrText, (found) => found.replace(/[^\n]/g, " "));
}

/** @typedef {{ name: string, dependencies: { name: string, kind: string | null }[] }} Package */

async function wrongDependencies() {
  const metadata = await run("cargo", [
    "metadata",
    "--format-version",
    "1",
    "--no-deps",
    "--offline",
  ]);
  /** @type {Package[]} */
  const packages = JSON.parse(metadata).packages;
  return packages.flatMap(({ name, dependencies }) => {
    const level = crates.indexOf(name);
    if (level < 0) return [`${name}: not in the list of crates of this check`];
    return dependencies.flatMap((dependency) => {
      const onto = crates.indexOf(dependency.name);
      if (onto >= level) return [`${name} depends on ${dependency.name}, which is not below it`];
      // Tests may use what they like (kind "dev"), as long as it is not a crate above.
      if (level === 0 && dependency.kind !== "dev") {
        return [`${name} depends on ${dependency.name}, but must depend on nothing`];
      }
      return [];
    });
  });
}

async function wrongWords() {
  const files = (await repositoryFiles()).filter((path) => /^crates\/.*\.rs$/.test(path));
  return files.flatMap((path) => {
    const code = codeOnly(read(path));
    return confined.flatMap(({ what, pattern, only }) =>
      only.some((folder) => path.startsWith(folder))
        ? []
        : [...code.matchAll(pattern)].map(
            (match) =>
              `${path}:${lineAt(code, match.index)}: ${what} belongs in ${only.join(" and ")} only`,
          ),
    );
  });
}

/** @type {Check} */
export const rustLayers = {
  name: "layers of the crates",
  find: async () => [...(await wrongDependencies()), ...(await wrongWords())],
};
