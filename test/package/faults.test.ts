// Where it cannot work: each error names the cause and the cure. One table for Node and edge
// workers, one for Chromium.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { run } from "../../scripts/toolchain/run.mjs";
import {
  executablePath,
  launch,
  open,
  patience,
  type SiteOptions,
  serve,
} from "./support/browser.js";
import * as bundlers from "./support/bundlers.js";
import { capped } from "./support/capped.js";
import { consumer, removeConsumers } from "./support/consumer.js";
import { bare, importMap, type Page } from "./support/pages.js";
import { present, workerd } from "./support/runtimes.js";
import { bundleWorker, type EdgeForm, serveWorker } from "./support/workerd.js";

const tarball = inject("tarball");
const folder = inject("installed");

const start = `
  const { init, sequential, dense } = await import("gradus");
  const message = (work) => work().then(() => "ran", (error) => String(error));
`;
const tryInit = `${start} console.log(await message(init));`;

let count = 0;

/** What a program prints in Node. */
async function said(program: string, flags: readonly string[] = []): Promise<string> {
  const file = `fault-${count++}.mjs`;
  writeFileSync(join(folder, file), program);
  return (await run(process.execPath, [...flags, file], { cwd: folder })).trim();
}

describe("Node is told", () => {
  it.each([
    [
      "that WebAssembly is switched off",
      tryInit,
      ["--jitless"],
      /^GradusError: init: expected a JavaScript engine with WebAssembly, received one without.*Hint: Some hardened browsers/,
    ],
    [
      "that the processor has no SIMD",
      tryInit,
      ["--no-enable-sse4-1"],
      /^GradusError: init: expected a JavaScript engine with WebAssembly SIMD, received one without\. Hint: Use a newer one/,
    ],
    [
      "that there is no memory to start with",
      // Node's own fetch is of WebAssembly, too, and must have its memory before.
      `import { createServer } from "node:http";
       const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
       await new Promise((resolve) => server.once("listening", resolve));
       await fetch("http://127.0.0.1:" + server.address().port).then((answer) => answer.text());
       server.closeAllConnections();
       server.close();
       globalThis.taken = [];
       try { for (;;) taken.push(new WebAssembly.Memory({ initial: 1, maximum: 65536 })); } catch {}
       ${tryInit}`,
      [],
      /^GradusError: init: expected memory for the engine, received RangeError.*Hint: Give up other/,
    ],
    [
      "that the file is not gradus's",
      `${start} console.log(await message(() => init({ wasm: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0) })));`,
      [],
      /^GradusError: init: expected a \.wasm file of gradus, received TypeError.*Hint: Take it from the same version/,
    ],
  ])("%s", async (_, program, flags, expected) => {
    expect(await said(program, flags)).toMatch(expected);
  });
});

describe("Node after a bundler is told", () => {
  async function bundled(program: string, format: "esm" | "cjs"): Promise<string> {
    writeFileSync(join(folder, "to-bundle.mjs"), program);
    const outfile = join(folder, "dist", format === "esm" ? "bundle.mjs" : "bundle.cjs");
    const entryPoints = [join(folder, "to-bundle.mjs")];
    await build({
      entryPoints,
      outfile,
      format,
      bundle: true,
      platform: "node",
      logLevel: "silent",
    });
    return (await run(process.execPath, [outfile])).trim();
  }

  it("that the file was left behind", async () => {
    const program = `
      import { init, sequential, dense } from "gradus";
      const model = sequential({ inputShape: [1], layers: [dense({ units: 1 })] });
      try { model.getWeights(); } catch (error) { console.log(String(error)); }
      console.log(await init().catch(String));
    `;
    const [now, later] = (await bundled(program, "esm")).split("\n");
    expect(now).toMatch(
      /^GradusError: getWeights: expected the engine at file:.*\.wasm, received Error: ENOENT.*Hint: serve the \.wasm files/,
    );
    expect(later).toMatch(
      /^GradusError: init: expected the engine at file:.*\.wasm, received Error: ENOENT.*Hint: serve the \.wasm files/,
    );
  });

  it("that a script has no address", async () => {
    const program = 'import { init } from "gradus"; init().catch((e) => console.log(String(e)));';
    expect(await bundled(program, "cjs")).toMatch(
      /^GradusError: init: expected gradus to know its own address, received no import\.meta\.url\. Hint: Bundle into ES modules.*gradus\/inline/,
    );
  });
});

describe("an engine whose memory is out", () => {
  const wasm = join(folder, "capped.wasm");
  beforeAll(() => {
    const whole = readFileSync(join(folder, "node_modules/gradus/dist/gradus-strict.wasm"));
    writeFileSync(wasm, capped(whole, 80));
  });
  const head = `
    ${start}
    import { readFileSync } from "node:fs";
    await init({ wasm: readFileSync(${JSON.stringify(wasm)}) });
    const net = (units) => {
      const model = sequential({ inputShape: [50], seed: 1, layers: [dense({ units }), dense({ units: 1 })] });
      model.compile({ optimizer: "adam", loss: "mse" });
      return model;
    };
    const fit = (model, rows) => model.fit(new Float32Array(rows * 50), new Float32Array(rows), { batchSize: rows });
  `;

  it("names the batch, and goes on with a smaller one", async () => {
    const out = await said(`${head}
      const model = net(50);
      console.log(await message(() => fit(model, 20000)));
      console.log(await message(() => fit(model, 20)));
    `);
    const [large, small] = out.split("\n");
    expect(large).toMatch(
      /^GradusError: fit: expected a batch that fits into memory, received 20000 rows.*Hint: .*smaller batchSize/,
    );
    expect(small).toBe("ran");
  });

  it("names the layer, and goes on with a smaller one", async () => {
    const out = await said(`${head}
      console.log(await message(() => fit(net(100000), 1)));
      console.log(await message(() => fit(net(10), 1)));
    `);
    const [large, small] = out.split("\n");
    expect(large).toMatch(
      /^GradusError: fit: expected a model that fits into memory, received .*dense\/kernel.*Hint: .*smaller layers/,
    );
    expect(small).toBe("ran");
  });

  it("says so to the last byte", async () => {
    const out = await said(`${head}
      const kept = [];
      const heard = new Set();
      for (let units = 4096; units >= 1; units /= 2) {
        for (let i = 0; i < 2000; i++) {
          const model = net(units);
          kept.push(model);
          const heardNow = await message(() => fit(model, 1));
          if (heardNow === "ran") continue;
          heard.add(heardNow);
          break;
        }
      }
      console.log([...heard].join("\\n"));
    `);
    const heard = out.split("\n");
    expect(heard.at(-1)).toContain("none left beyond 5 MB");
    for (const line of heard) expect(line).toMatch(/memory(?!.*internal error).*Hint/);
  });
});

describe("an edge worker is told", () => {
  const here = present("workerd", workerd);

  async function answer(program: string, condition: EdgeForm): Promise<string | undefined> {
    const own = await consumer(tarball);
    await bundleWorker(own, condition, program);
    return (await serveWorker(own)).error;
  }
  afterAll(removeConsumers);

  it.runIf(here)("which condition its bundler needs", async () => {
    expect(await answer("worker.mjs", "import")).toMatch(
      /^GradusError: init: expected .*Hint: .*init\(\{ wasm \}\)/,
    );
  });

  it.runIf(here)("that it may not compile", async () => {
    expect(await answer("worker-compiling.mjs", "workerd")).toMatch(
      /^GradusError: init: expected leave to compile WebAssembly, received CompileError.*Hint: Edge workers run only modules that are imported/,
    );
  });
});

describe.runIf(executablePath)("Chromium is told", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser.close();
    removeConsumers();
  });

  interface Row {
    readonly what: string;
    readonly make: (folder: string) => Page | Promise<Page>;
    readonly site: SiteOptions;
    readonly expected: RegExp;
  }
  const plain = (own: string) => bare(own, "page.mjs", importMap("index"));
  const rows: readonly Row[] = [
    {
      what: "what the policy of the page must allow",
      make: (own) => bundlers.esbuild(own, "page-inline.mjs"),
      site: { headers: { "content-security-policy": "default-src 'self'; script-src 'self'" } },
      expected: /leave to run WebAssembly.*Hint: Add 'wasm-unsafe-eval' to script-src/s,
    },
    {
      what: "that the file is missing",
      make: plain,
      site: { missing: /\.wasm$/ },
      expected: /expected the engine at .*\.wasm, received status 404.*gradus\/inline/,
    },
    {
      what: "that the worker's file is missing",
      make: plain,
      site: { missing: /\/worker\.js$/ },
      expected: /fit: expected a worker to train in, .*Serve worker\.js of the/,
    },
    {
      what: "that there is a page where the file should be",
      make: plain,
      site: { missing: /\.wasm$/, fallback: "<!doctype html>" },
      expected: /expected the engine at .*, received a web page\. Hint: .*missing/,
    },
    {
      what: "that a page with the type of .wasm is none",
      make: plain,
      site: { missing: /\.wasm$/, fallback: "<!doctype html>", fallbackType: "application/wasm" },
      expected: /expected a \.wasm file of gradus, received CompileError/,
    },
    {
      what: "what Vite must leave alone (before 8 it moves the JavaScript alone)",
      make: (own) => {
        const deps = "node_modules/.vite/deps";
        mkdirSync(join(own, deps), { recursive: true });
        copyFileSync(join(own, "node_modules/gradus/dist/index.js"), join(own, deps, "gradus.js"));
        const imports = { gradus: `/${deps}/gradus.js` };
        const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
        return bare(own, "page.mjs", map);
      },
      site: { fallback: "<!doctype html>" },
      expected: /received a web page\. Hint: .*optimizeDeps: \{ exclude: \['gradus'\] \}/,
    },
  ];

  it.each(rows)("$what", { timeout: patience }, async ({ make, site, expected }) => {
    const { root, page } = await make(await consumer(tarball));
    const server = await serve(root, site);
    try {
      const { error, trainsInWorker } = await open(browser, server.url + page);
      expect(error ?? trainsInWorker).toMatch(expected);
    } finally {
      await server.close();
    }
  });
});
