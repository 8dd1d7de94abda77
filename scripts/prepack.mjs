// npm runs this before it packs or publishes: builds all from clean, so that nothing of an earlier
// state of the sources can reach the package, and writes down of what it was made.
// With --as-built: takes dist/ as it is, for the tests, which have just built it.
import { rmSync } from "node:fs";
import { writeProvenance } from "./build/provenance.mjs";
import { buildTs } from "./build-ts.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { ensureTools } from "./setup.mjs";
import { cargoTools } from "./toolchain/cargo-tools.mjs";
import { inRoot, inTools } from "./toolchain/paths.mjs";
import { ask, main, say } from "./toolchain/run.mjs";

await main(async () => {
  if (!process.argv.includes("--as-built")) {
    say("prepack: builds from clean");
    const made = [inRoot("dist"), inRoot("build"), inTools("target"), inTools("stamps")];
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
    await buildWasm();
    await buildTs();
  }
  const { rustc } = await ensureTools();
  const tools = Object.fromEntries(cargoTools.map(({ crate, version }) => [crate, version]));
  writeProvenance({ rustc: ask(rustc, ["--version"]) ?? "unknown", ...tools });
});
