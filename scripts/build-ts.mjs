// Turns ts/ and the compiled WebAssembly into dist/, the folder that is published:
// tsc compiles and checks, Rollup bundles. Skipped when nothing changed.
import { copyFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { filesBelow, fingerprint, isUpToDate, markDone } from "./build/fingerprint.mjs";
import { gluedVariants, packagedVariants } from "./build/variants.mjs";
import { withLock } from "./toolchain/lock.mjs";
import { inRoot, npmTool } from "./toolchain/paths.mjs";
import { main, run, say } from "./toolchain/run.mjs";

/** @param {string} variant */
const wasmOf = (variant) => join("build", "wasm", variant, "gradus_wasm_bg.wasm");

/** @param {string} variant */
const packagedWasm = (variant) => join("dist", `gradus-${variant}.wasm`);

const sources = () => [
  ...filesBelow(["ts"], (path) => !path.endsWith(".test.ts")),
  ...["tsconfig.json", "tsconfig.build.json", "rollup.config.js", "package-lock.json"],
  "scripts/build-ts.mjs",
  ...gluedVariants.flatMap(({ glue }) =>
    ["gradus_wasm.js", "gradus_wasm.d.ts"].map((file) => join("build", "wasm", glue, file)),
  ),
  ...packagedVariants.map(wasmOf),
];

const forms = ["worker", "pool-worker", "index", "inline", "edge", "infer", "infer-edge"];
const bundles = forms.flatMap((form) => [`dist/${form}.js`, `dist/${form}.js.map`]);

/** Needs the WebAssembly variants of the package to be built. */
export async function buildTs() {
  await withLock("build-ts", async () => {
    const print = fingerprint(sources());
    const outputs = [
      ...bundles,
      "dist/index.d.ts",
      "dist/infer.d.ts",
      ...packagedVariants.map(packagedWasm),
    ];
    if (isUpToDate("ts", print, outputs)) return;

    const start = performance.now();
    say("build: ts");
    await run(npmTool("tsc"), ["--project", "tsconfig.build.json"]);
    rmSync(inRoot("dist"), { recursive: true, force: true });
    await run(npmTool("rollup"), ["--config", "--silent"]);
    for (const variant of packagedVariants) {
      copyFileSync(inRoot(wasmOf(variant)), inRoot(packagedWasm(variant)));
    }
    markDone("ts", print);
    say(`build: ts done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(buildTs);
}
