// The packed package, gradus/infer: a model is trained with gradus, exported, loaded with
// gradus/infer, and predicts what it predicted before; in Node, Deno, Bun, an edge worker and a page.
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { capture } from "../../scripts/toolchain/run.mjs";
import { executablePath, launch, serve } from "./support/browser.js";
import { consumer, removeConsumers } from "./support/consumer.js";
import { nodes, others, present, workerd } from "./support/runtimes.js";
import { bundleWorker, serveWorker } from "./support/workerd.js";

const folder = mkdtempSync(join(inject("installed"), "infer-"));

interface Answer {
  readonly expected: number[];
  readonly found: number[];
  readonly build: string;
  readonly shape: number[];
  readonly refused: string;
}

/** Trains, exports, loads and predicts; the same in every runtime. */
const program = `
import * as gradus from "gradus";
import * as infer from "gradus/infer";

export async function answer(options = {}) {
  const { batchNormalization, dense, exportModel, sequential } = gradus;
  await gradus.init(options);
  await infer.init(options);
  const layers = [dense({ units: 12, activation: "relu" }), batchNormalization(), dense({ units: 3, activation: "softmax" })];
  const model = sequential({ inputShape: [4], seed: 3, layers });
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
  const x = Float32Array.from({ length: 4 * 60 }, (_, i) => Math.sin(i * i));
  await model.fit(x, Int32Array.from({ length: 60 }, (_, i) => i % 3), { epochs: 5 });
  const file = await exportModel(model);
  const loaded = await infer.loadModel(file);
  const refused = await infer.loadModel(file.slice(0, -9)).catch((error) => String(error));
  const expected = await model.predict(x);
  const found = await loaded.predict(x);
  const { build } = infer.runtimeInfo();
  return { expected: [...expected.data], found: [...found.data], shape: found.shape, build, refused };
}
`;

beforeAll(() => {
  writeFileSync(join(folder, "answer.mjs"), program);
  const print = `import { answer } from "./answer.mjs";
import process from "node:process";
const options = JSON.parse(process.argv[2] ?? "{}");
console.log(JSON.stringify(await answer(options)));`;
  writeFileSync(join(folder, "print.mjs"), print);
});

afterAll(removeConsumers);

function expectAnswer({ expected, found, shape, refused }: Answer): void {
  expect(shape).toEqual([60, 3]);
  expect(expected).toHaveLength(180);
  for (const [i, y] of expected.entries())
    expect(Math.abs((found[i] as number) - y)).toBeLessThan(1e-6);
  expect(refused).toMatch(/^GradusError: loadModel: header: .*data_offsets within/);
}

describe.each([...nodes, ...others])("$name", ({ name, command, before, chosen }) => {
  const here = present(name, command);
  it.runIf(here).each(["strict", "auto"] as const)(
    "predicts the same with the build %s",
    async (simd) => {
      const args = [...before, "print.mjs", JSON.stringify({ simd })];
      const { code, stdout, output } = await capture(command, args, { cwd: folder });
      expect(code, output).toBe(0);
      const found = JSON.parse(stdout) as Answer;
      expect(found.build).toBe(`gradus-infer-${simd === "strict" ? simd : chosen}.wasm`);
      expectAnswer(found);
    },
  );
});

describe.runIf(executablePath)("Chromium", () => {
  it("predicts the same in a page without a bundler", async () => {
    const at = (name: string) => `"/node_modules/gradus/dist/${name}.js"`;
    const map = `{ "imports": { "gradus": ${at("index")}, "gradus/infer": ${at("infer")} } }`;
    const script = `import { answer } from "./answer.mjs"; globalThis.result = await answer().catch(String);`;
    const html = `<!doctype html><script type="importmap">${map}</script><script type="module">${script}</script>`;
    writeFileSync(join(folder, "infer.html"), html);
    const [server, browser] = await Promise.all([serve(inject("installed")), launch()]);
    try {
      const page = await browser.newPage();
      await page.goto(`${server.url}${folder.split("/").at(-1)}/infer.html`);
      await page.waitForFunction(() => "result" in globalThis, null, { timeout: 30_000 });
      const found = await page.evaluate(() => (globalThis as { result?: unknown }).result);
      expectAnswer(found as Answer);
      expect((found as Answer).build).toBe("gradus-infer-relaxed.wasm");
    } finally {
      await browser.close();
      await server.close();
    }
  });
});

describe("workerd", () => {
  it.runIf(present("workerd", workerd))("predicts the same in an edge worker", async () => {
    const own = await consumer(inject("tarball"));
    const worker = `import { answer } from "./answer.mjs";
export default { fetch: async () => Response.json(await answer()) };`;
    writeFileSync(join(own, "worker.mjs"), worker);
    copyFileSync(join(folder, "answer.mjs"), join(own, "answer.mjs"));
    const files = ["gradus-strict.wasm", "gradus-infer-strict.wasm"];
    await bundleWorker(own, "workerd", "worker.mjs", files);
    const found = await serveWorker<Answer>(own, files);
    expectAnswer(found);
    expect(found.build).toBe("gradus-infer-strict.wasm");
  });
});
