// The packed package, gradus/infer: a model is trained with gradus, exported, loaded with
// gradus/infer, and predicts what it predicted before; in Node, an edge worker and a page.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { capture } from "../../scripts/toolchain/run.mjs";
import { executablePath, launch, serve } from "./support/browser.js";
import { dependency } from "./support/consumer.js";

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
const options = JSON.parse(process.argv[2] ?? "{}");
console.log(JSON.stringify(await answer(options)));`;
  writeFileSync(join(folder, "print.mjs"), print);
});

function expectAnswer({ expected, found, shape, refused }: Answer): void {
  expect(shape).toEqual([60, 3]);
  expect(expected).toHaveLength(180);
  for (const [i, y] of expected.entries())
    expect(Math.abs((found[i] as number) - y)).toBeLessThan(1e-6);
  expect(refused).toMatch(/^GradusError: loadModel: header: .*data_offsets within/);
}

describe.each([
  ["the one that tests", process.execPath, undefined],
  ["24", dependency("node-24", "bin", "node"), "gradus-infer-relaxed.wasm"],
] as const)("Node, %s", (_, node, chosen) => {
  it.each(["strict", "auto"])("predicts the same with the build %s", async (simd) => {
    const args = ["print.mjs", JSON.stringify({ simd })];
    const { code, stdout, output } = await capture(node, args, { cwd: folder });
    expect(code, output).toBe(0);
    const found = JSON.parse(stdout) as Answer;
    if (simd === "strict") expect(found.build).toBe("gradus-infer-strict.wasm");
    else if (chosen) expect(found.build).toBe(chosen);
    expectAnswer(found);
  });
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
  it("predicts the same in an edge worker", async () => {
    const dist = join(folder, "dist");
    mkdirSync(dist);
    const worker = `import { answer } from "./answer.mjs";
export default { fetch: async () => Response.json(await answer()) };`;
    writeFileSync(join(folder, "worker.mjs"), worker);
    await build({
      entryPoints: [join(folder, "worker.mjs")],
      outfile: join(dist, "worker.js"),
      bundle: true,
      format: "esm",
      conditions: ["workerd"],
      external: ["*.wasm", "*.wasm?module"],
      logLevel: "silent",
    });
    const files = ["gradus-strict.wasm", "gradus-infer-strict.wasm"];
    const packed = join(inject("installed"), "node_modules", "gradus", "dist");
    for (const file of files) copyFileSync(join(packed, file), join(dist, file));
    const port = await freePort();
    writeFileSync(join(dist, "workerd.capnp"), configuration(files, port));
    const workerd = dependency("@cloudflare", "workerd-linux-64", "bin", "workerd");
    const server = spawn(workerd, ["serve", "workerd.capnp"], { cwd: dist });
    try {
      const found = await answerOf(`http://127.0.0.1:${port}/`, () => server.exitCode === null);
      expectAnswer(found);
      expect(found.build).toBe("gradus-infer-strict.wasm");
    } finally {
      server.kill();
    }
  });
});

function configuration(files: readonly string[], port: number): string {
  // Under both names: bundlers for workers differ in which they keep.
  const modules = files.flatMap((file) =>
    ["", "?module"].map((suffix) => `(name = "${file}${suffix}", wasm = embed "${file}")`),
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js"), ${modules.join(", ")}],
  compatibilityDate = "2026-01-01",
);
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Asks until the server is up. */
async function answerOf(url: string, runs: () => boolean): Promise<Answer> {
  for (let attempt = 0; attempt < 200 && runs(); attempt++) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return (await response.json()) as Answer;
    if (response) throw new Error(`status ${response.status}: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("workerd does not answer");
}
