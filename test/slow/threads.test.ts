// Threads in Node: the same bits on any number of them, and what happens at their ends. Each case is
// a process of its own, since an engine is loaded once. Other runtimes: test/package.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = JSON.stringify(join(root, "dist", "index.js"));
const cases = JSON.stringify(join(root, "test", "package", "programs", "cases.mjs"));
/** Several minutes of one processor, on a busy machine. */
const patience = 600_000;
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(root, "build", "threads-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let count = 0;

/** What `code` prints; it fails unless the process ends well by itself. */
async function run(code: string): Promise<string> {
  const file = join(folder, `case-${count++}.mjs`);
  const head = `import * as gradus from ${dist};\nconst { init, runtimeInfo, sequential, dense } = gradus;\n`;
  writeFileSync(file, head + code);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: patience });
  return stdout.trim();
}

/** A net whose products are large enough for several threads, and rows for it. */
const wide = `
  const x = Float32Array.from({ length: 256 * 256 }, (_, i) => Math.sin(i));
  const wide = sequential({ inputShape: [256], seed: 1, layers: [dense({ units: 256, activation: "tanh" })] });
  const small = sequential({ inputShape: [4], seed: 2, layers: [dense({ units: 3, activation: "softmax" })] });
`;

describe("the same bits", () => {
  it(
    "on 1, 2, 3, 4 and 8 threads after 200 steps",
    async () => {
      const train = (threads: number) =>
        run(`
          import { cases } from ${cases};
          await init({ simd: "strict", threads: ${threads} });
          const { sha256, iterations } = await cases.weightsAfter200Steps(gradus);
          const { build, threads } = runtimeInfo();
          console.log(JSON.stringify({ sha256, iterations, build, threads }));
        `).then((text) => JSON.parse(text) as Record<string, unknown>);
      const alone = await train(1);
      expect(alone).toMatchObject({ iterations: 200, build: "gradus-strict.wasm", threads: 1 });
      for (const threads of [2, 3, 4, 8]) {
        const build = "gradus-threads-strict.wasm";
        expect(await train(threads)).toEqual({ ...alone, build, threads });
      }
    },
    patience,
  );

  it(
    "in predictions, where small and large kernels follow each other at any pace",
    async () => {
      const out = await run(`
        await init({ threads: 4 });
        ${wide}
        const first = (await wide.predict(x)).data;
        const smallFirst = (await small.predict([[1, 2, 3, 4]])).data;
        const same = (a, b) => a.length === b.length && a.every((v, i) => Object.is(v, b[i]));
        let wrong = 0;
        for (let i = 0; i < 400; i++) {
          if (!same((await wide.predict(x)).data, first)) wrong++;
          for (let j = 0; j < i % 7; j++) {
            if (!same((await small.predict([[1, 2, 3, 4]])).data, smallFirst)) wrong++;
          }
          // Workers fall asleep in between.
          if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
        }
        console.log(runtimeInfo().threads, wrong);
      `);
      expect(out).toBe("4 0");
    },
    patience,
  );
});

describe("workers", () => {
  it("help where gradus itself runs in a worker", async () => {
    const out = await run(`
      import { isMainThread, parentPort, Worker } from "node:worker_threads";
      ${wide}
      const sum = async () => (await wide.predict(x)).data.reduce((a, b) => a + b, 0);
      if (isMainThread) {
        await init({ simd: "strict" });
        const alone = await sum();
        new Worker(new URL(import.meta.url)).on("message", ({ info, found }) =>
          console.log(info.build, info.threads, found === alone));
      } else {
        await init({ simd: "strict", threads: 2 });
        parentPort.postMessage({ info: runtimeInfo(), found: await sum() });
      }
    `);
    expect(out).toBe("gradus-threads-strict.wasm 2 true");
  });

  it("that end before their time give an error, not a hang", async () => {
    const out = await run(`
      const threads = process.getBuiltinModule("node:worker_threads");
      const workers = [];
      threads.Worker = class extends threads.Worker {
        constructor(...given) { super(...given); workers.push(this); }
      };
      await init({ threads: 3 });
      ${wide}
      await wide.predict(x);
      await workers[1].terminate();
      for (const use of [() => wide.predict(x), () => small.predict([[1, 2, 3, 4]])]) {
        await use().then(() => console.log("went on"), (error) => console.log(error.message));
      }
    `);
    const lines = out.split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(
        /expected the threads of the engine to live, received a thread ended: a worker ended with code 1\. Hint: Load/,
      );
    }
  });

  it("that do not start leave one thread, and a reason", async () => {
    const out = await run(`
      const threads = process.getBuiltinModule("node:worker_threads");
      threads.Worker = class extends threads.Worker {
        constructor() { super("throw new Error('not today')", { eval: true }); }
      };
      await init({ threads: 3 });
      ${wide}
      console.log((await wide.predict(x)).shape.join(), runtimeInfo().threads, runtimeInfo().why);
    `);
    expect(out).toMatch(/^256,256 1 .*; no threads: Error: not today$/);
  });
});

describe("init", () => {
  it("takes threads by number or one per processor, once", async () => {
    const out = await run(`
      const message = (options) => init(options).then(() => "ok", (error) => error.message);
      for (const threads of [0, 2.5, 65, "many"]) console.log(await message({ threads }));
      console.log(await message({ threads: "auto" }), runtimeInfo().threads > 0);
      console.log(await message(), await message({ threads: "auto" }));
      console.log(await message({ threads: 63 }));
    `);
    const lines = out.split("\n");
    for (const line of lines.slice(0, 4)) {
      expect(line).toMatch(/^init: expected threads to be a whole number >= 1 and <= 64, received/);
    }
    expect(lines[4]).toBe("ok true");
    expect(lines[5]).toBe("ok ok");
    expect(lines[6]).toMatch(/^init: threads: expected \d+, as the engine was loaded, received 63/);
  });

  it("says why there are no threads", async () => {
    expect(
      await run(`
        globalThis.crossOriginIsolated = false;
        await init({ threads: 2 });
        console.log(runtimeInfo().threads, runtimeInfo().why);
      `),
    ).toMatch(/^1 .*; no threads: the page is not isolated .*Cross-Origin-Opener-Policy/);
    const inline = JSON.stringify(join(root, "dist", "inline.js"));
    expect(
      await run(`
        const inline = await import(${inline});
        await inline.init({ threads: 2 });
        console.log(inline.runtimeInfo().threads, inline.runtimeInfo().why);
      `),
    ).toMatch(/^1 .*; no threads: this form of the package has none$/);
  });

  it("takes a build with shared memory that is handed over", async () => {
    const given = JSON.stringify(join(root, "dist", "gradus-threads-strict.wasm"));
    const plain = JSON.stringify(join(root, "dist", "gradus-strict.wasm"));
    const use = (file: string) =>
      run(`
        import { readFileSync } from "node:fs";
        await init({ wasm: readFileSync(${file}), threads: 2 });
        ${wide}
        await wide.predict(x);
        console.log(runtimeInfo().build, runtimeInfo().threads, runtimeInfo().why);
      `);
    expect(await use(given)).toBe("given 2 handed to init");
    expect(await use(plain)).toMatch(
      /^given 1 handed to init; no threads: the engine .* no memory/,
    );
  });
});
