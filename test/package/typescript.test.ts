// A TypeScript program that takes the package: strict, without skipLibCheck, under both ways of
// resolving; then it runs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { npmTool } from "../../scripts/toolchain/paths.mjs";
import { capture, run } from "../../scripts/toolchain/run.mjs";
import { consumer, removeConsumers } from "./support/consumer.js";
import { record } from "./support/record.js";
import { versionOf } from "./support/runtimes.js";

const tarball = inject("tarball");
afterAll(removeConsumers);

/** Learns y = 2 x - 1 and prints what it makes of 10. */
const program = `
import { dense, exportModel, init, model, input, sequential, sgd, type Model, type Tensor } from "gradus";
import { loadModel, type LoadedModel } from "gradus/infer";
import { dense as dense2 } from "gradus/inline";
await init({ simd: "strict" });
const net: Model = sequential({ inputShape: [1], seed: 1, layers: [dense({ units: 1 })] });
net.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
const history = await net.fit([[-1], [0], [1], [2]], [[-3], [-1], [1], [3]], { epochs: 300 });
const losses: readonly number[] = history.history.loss ?? [];
const y: Tensor = await net.predict([[10]]);
const x = input({ shape: [4] });
const wide = model({ inputs: { x }, outputs: [dense({ units: 1 })(x)] });
const [only]: readonly [Tensor] = await wide.predict({ x: [[1, 2, 3, 4]] });
dense2({ units: 2 });
const loaded: LoadedModel = await loadModel(await exportModel(net));
const z: Tensor = await loaded.predict([[10]], { batchSize: 1 });
const typed = sequential({ inputShape: [2], layers: [dense({ units: 3, activation: "softmax" })] }).compile({
  optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"],
});
const { accuracy, valAccuracy } = (await typed.fit([[1, 2]], [1], { validationData: [[[1, 2]], [1]] })).history;
const reached: number | undefined = accuracy.at(-1) ?? valAccuracy.at(-1);
const rows: number[][] = (await typed.predict([[1, 2]])).toArray();
await typed.fit(function* () { yield [[[1, 2]], [1]] as const; });
const mistakes = () => {
  // @ts-expect-error: the name of a metric, misspelt
  typed.evaluate([[1, 2]], [1]).then((logs) => logs.acuracy);
  // @ts-expect-error: numbers where rows are wanted
  typed.predict([1, 2]);
  // @ts-expect-error: an axis too many
  typed(input({ shape: [2, 2] }));
  // @ts-expect-error: an option that does not exist
  dense({ unit: 3 });
  // @ts-expect-error: an activation that does not exist
  dense({ units: 3, activation: "rellu" });
  // @ts-expect-error: a loss that does not exist
  net.compile({ optimizer: "adam", loss: "meanSquareError" });
};
console.log(JSON.stringify({ y: y.data[0], z: z.data[0], losses: losses.length, shape: only.shape, reached, rows, mistakes }));
`;

describe("TypeScript, strict and without skipLibCheck", () => {
  it.each([
    ["NodeNext", "nodenext", "nodenext"],
    ["Bundler", "esnext", "bundler"],
  ])("compiles a program that runs: %s", async (name, module, moduleResolution) => {
    const folder = await consumer(tarball);
    writeFileSync(join(folder, "program.ts"), program);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023", "dom"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmitOnError: true,
      rootDir: ".",
      outDir: "dist",
      types: [],
    };
    const config = { compilerOptions, files: ["program.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const { code, output } = await capture(npmTool("tsc"), [], { cwd: folder });
    expect(output).toBe("");
    expect(code).toBe(0);
    const out = await run(process.execPath, ["dist/program.js"], { cwd: folder });
    const found = JSON.parse(out) as { y: number; z: number; losses: number; shape: number[] };
    expect(found.y).toBeCloseTo(19, 2);
    expect(found.z).toBeCloseTo(found.y, 5);
    expect(found).toMatchObject({ losses: 300, shape: [1, 1] });
    record("TypeScript", await versionOf(npmTool("tsc")), `strict, ${name}`, "gradus-strict.wasm");
  });
});
