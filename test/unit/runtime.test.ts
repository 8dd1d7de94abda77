// Loading the engine: builds, options, what happens before it is there and when it fails. Each
// case is a process of its own, since an engine is loaded once.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(root, "build", "runtime-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let count = 0;

/** What `code` prints, with everything of the built package in scope. */
async function run(code: string): Promise<string> {
  const file = join(folder, `case-${count++}.mjs`);
  const dist = join(root, "dist", "index.js");
  const message =
    "const message = async (f) => { try { await f(); return 'ok' } catch (e) { return e.name + ': ' + e.message } };";
  const head = `import { readFileSync } from "node:fs";\nimport * as gradus from ${JSON.stringify(dist)};\nconst { init, initSync, runtimeInfo, sequential, dense } = gradus;\n${message}\nconst strict = ${JSON.stringify(join(root, "dist", "gradus-strict.wasm"))};\n`;
  writeFileSync(file, head + code);
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return stdout.trim();
}

const model =
  "const model = sequential({ inputShape: [1], seed: 1, layers: [dense({ units: 1 })] });";

describe("loading", () => {
  it("happens by itself, once, and tells what it took", async () => {
    const out = await run(`
      console.log(runtimeInfo().build, runtimeInfo().why);
      ${model}
      await Promise.all([model.predict([[1]]), init(), init()]);
      const { build, simd, threads, why } = runtimeInfo();
      console.log(build === "gradus-" + simd + ".wasm", threads, why.length > 0);
    `);
    expect(out).toBe("null not loaded yet\ntrue 1 true");
  });
  it("happens at once for calls that cannot wait", async () => {
    expect(await run(`${model} console.log(Object.keys(model.getWeights()).join());`)).toBe(
      "dense/kernel,dense/bias",
    );
  });
  it("takes the build that is asked for, and refuses another afterwards", async () => {
    const out = await run(`
      await init({ simd: "strict" });
      console.log(runtimeInfo().build);
      await init({ simd: "strict" }); await init();
      console.log(await message(() => init({ simd: "relaxed" })));
    `);
    expect(out).toMatch(
      /^gradus-strict\.wasm\nGradusError: init: simd: expected "strict", the build that is loaded, received "relaxed"\. Hint: Call init/,
    );
  });
  it("takes bytes, modules, paths and addresses", async () => {
    for (const wasm of [
      "readFileSync(strict)",
      "new WebAssembly.Module(readFileSync(strict))",
      'new URL("file://" + strict)',
      '"file://" + strict',
    ]) {
      const out = await run(`await init({ wasm: ${wasm} }); console.log(runtimeInfo().build);`);
      expect(out).toBe("given");
    }
    expect(
      await run(`initSync({ wasm: readFileSync(strict) }); console.log(runtimeInfo().why);`),
    ).toBe("handed to initSync");
  });
  it("says what is wrong, and can be tried again", async () => {
    const out = await run(`
      console.log(await message(() => init({ wasm: new Uint8Array(8) })));
      console.log(await message(() => init({ wasm: "file:///nowhere.wasm" })));
      console.log(await message(() => init({ wasm: 3 })));
      console.log(await message(() => init({ simd: "fast" })));
      console.log(await message(() => init({ simdd: "auto" })));
      console.log(await message(() => initSync({})));
      console.log(await message(() => init()));
    `);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(
      /^GradusError: init: expected a \.wasm file of gradus, received Compile/,
    );
    expect(lines[1]).toMatch(/^GradusError: init: expected the engine at file:\/\/\/nowhere.wasm/);
    expect(lines[2]).toMatch(/^GradusError: init: wasm: expected a WebAssembly.Module or bytes/);
    expect(lines[3]).toMatch(
      /^GradusError: init: simd: expected one of "auto", "relaxed" or "strict"/,
    );
    expect(lines[4]).toMatch(/did you mean simd/);
    expect(lines[5]).toMatch(/^GradusError: initSync: wasm/);
    expect(lines[6]).toBe("ok");
  });
});

describe("memory", () => {
  it("of models out of use comes back", async () => {
    const out = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--input-type=module",
      "--eval",
      `
        const { initSync, sequential, dense } = await import(${JSON.stringify(join(root, "dist", "index.js"))});
        const memories = [];
        const { Memory } = WebAssembly;
        const start = WebAssembly.Instance;
        WebAssembly.Instance = class extends start {
          constructor(...given) { super(...given); memories.push(this.exports.memory); }
        };
        const { readFileSync } = await import("node:fs");
        initSync({ wasm: readFileSync(${JSON.stringify(join(root, "dist", "gradus-strict.wasm"))}) });
        const x = new Float32Array(1000);
        const once = async () => {
          const model = sequential({ inputShape: [1000], layers: [dense({ units: 2000 }), dense({ units: 1 })] });
          model.compile({ optimizer: "adam", loss: "mse" });
          await model.fit(x, [1]);
        };
        const sizes = [];
        for (let i = 0; i < 60; i++) {
          await once();
          globalThis.gc();
          await new Promise((resolve) => setTimeout(resolve, 1));
          sizes.push(memories[0].buffer.byteLength);
        }
        console.log(sizes.at(-1));
        `,
    ]);
    // 60 models of 24 MB each would be 1.4 GB.
    expect(Number(out.stdout)).toBeLessThan(2e8);
  });
});
