// Everything that is published: WebAssembly first, because the TypeScript imports
// the glue that is generated with it. Writes to stderr only.
import { buildTs } from "./build-ts.mjs";
import { buildWasm } from "./build-wasm.mjs";
import { main } from "./toolchain/run.mjs";

await main(async () => {
  await buildWasm();
  await buildTs();
});
