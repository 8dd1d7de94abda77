// What the tarball holds, and how TypeScript and bundlers see it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { npmTool } from "../../scripts/toolchain/paths.mjs";
import { capture, run } from "../../scripts/toolchain/run.mjs";
import { dependency } from "./support/consumer.js";

const tarball = inject("tarball");
const folder = inject("installed");

describe("the tarball", () => {
  it("holds what the package needs and nothing else", async () => {
    const files = (await run("tar", ["-tf", tarball])).trim().split("\n");
    const names = files.map((path) => path.replace(/^package\//, "")).sort();
    expect(names).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist/gradus-relaxed.wasm",
      "dist/gradus-strict.wasm",
      "dist/gradus-threads-relaxed.wasm",
      "dist/gradus-threads-strict.wasm",
      "dist/index.d.ts",
      "dist/index.js",
      "dist/index.js.map",
      "dist/inline.js",
      "dist/pool-worker.js",
      "dist/pool-worker.js.map",
      "dist/worker.js",
      "dist/worker.js.map",
      "dist/workerd.js",
      "dist/workerd.js.map",
      "package.json",
    ]);
  });

  it("has no fault that publint finds", async () => {
    const { code, output } = await capture(dependency(".bin", "publint"), [tarball, "--strict"]);
    expect(output).toContain("All good!");
    expect(code).toBe(0);
  });

  it("has types that resolve in every way of resolving", async () => {
    // CommonJS programs take it by import(); files that are no modules have no types.
    const args = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color"];
    args.push("--exclude-entrypoints", "./gradus-strict.wasm", "./gradus-relaxed.wasm");
    const { code, output } = await capture(dependency(".bin", "attw"), args);
    expect(output).toContain("gradus/inline");
    expect(code, output).toBe(0);
  });
});

const program = `
import { dense, init, model, input, sequential, type Model, type Tensor } from "gradus";
import { dense as dense2 } from "gradus/inline";
await init({ simd: "strict" });
const net: Model = sequential({ inputShape: [2], layers: [dense({ units: 3, activation: "relu" })] });
net.compile({ optimizer: "adam", loss: "meanSquaredError" });
const history = await net.fit([[1, 2]], [[1, 2, 3]], { epochs: 2 });
const losses: readonly number[] = history.history.loss ?? [];
const y: Tensor = await net.predict([[1, 2]]);
const x = input({ shape: [4] });
const wide = model({ inputs: { x }, outputs: [dense({ units: 1 })(x)] });
const [only]: readonly [Tensor] = await wide.predict({ x: [[1, 2, 3, 4]] });
dense2({ units: 2 });
const typed = sequential({ inputShape: [2], layers: [dense({ units: 3, activation: "softmax" })] }).compile({
  optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"],
});
const { accuracy, valAccuracy } = (await typed.fit([[1, 2]], [1], { validationData: [[[1, 2]], [1]] })).history;
const reached: number | undefined = accuracy.at(-1) ?? valAccuracy.at(-1);
const rows: number[][] = (await typed.predict([[1, 2]])).toArray();
await typed.fit(function* () { yield [[[1, 2]], [1]] as const; });
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
export { losses, only, reached, rows, y };
`;

describe("TypeScript, strict and without skipLibCheck", () => {
  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("compiles a program with module %s and resolution %s", async (module, moduleResolution) => {
    writeFileSync(join(folder, `program-${module}.mts`), program);
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2022",
      lib: ["es2023", "dom"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      types: [],
    };
    const config = `tsconfig-${module}.json`;
    const include = [`program-${module}.mts`];
    writeFileSync(join(folder, config), JSON.stringify({ compilerOptions, include }));
    const { code, output } = await capture(npmTool("tsc"), ["-p", config], { cwd: folder });
    expect(output).toBe("");
    expect(code).toBe(0);
  });
});

describe("an engine that cannot run it", () => {
  const attempt = (before: string) => `
    ${before}
    const { init } = await import("gradus");
    await init().then(() => console.log("ran"), (error) => console.log(error.message));
  `;
  const said = async (before: string) => {
    writeFileSync(join(folder, "attempt.mjs"), attempt(before));
    return run(process.execPath, ["attempt.mjs"], { cwd: folder });
  };

  it("is told that WebAssembly is missing", async () => {
    expect(await said("delete globalThis.WebAssembly;")).toMatch(
      /^init: expected a JavaScript engine with WebAssembly, received one without/,
    );
  });

  it("is told that SIMD is missing", async () => {
    expect(await said("WebAssembly.validate = () => false;")).toMatch(
      /^init: expected a JavaScript engine with WebAssembly SIMD, received one without\. Hint: Use a newer one/,
    );
  });
});
