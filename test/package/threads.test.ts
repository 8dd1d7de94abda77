// Threads in each runtime, from the packed package: the same bits as without, processes that end by
// themselves, and pages that are isolated from other origins or not.
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build as viteBuild } from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import webpack from "webpack";
import { executablePath, launch, serve } from "./support/browser.js";
import { type Results, results } from "./support/consumer.js";
import { expectResults } from "./support/expected.js";
import { record } from "./support/record.js";
import { nodes, others, present, versionOf } from "./support/runtimes.js";

const folder = inject("installed");
const sha256 = inject("sha256");

/** The options of `init`, and what must come out. */
const onThree = { simd: "strict", threads: 3 } as const;

describe.each([...nodes, ...others])("$name", ({ name, command, before, chosen }) => {
  const here = present(name, command);
  const run = (options: object) =>
    results(command, [...before, "consumer.mjs", JSON.stringify(options)], folder);

  it.runIf(here)("trains to the same bits on three threads, and ends by itself", async () => {
    const found = await run(onThree);
    expect(found.runtime.build).toBe("gradus-threads-strict.wasm");
    expectResults(found, sha256, onThree);
    record(
      name.replace(/ \d+$/, ""),
      await versionOf(command),
      "three threads",
      found.runtime.build,
    );
  });

  const relaxes = here && chosen === "relaxed";
  it.runIf(relaxes)("trains to the bits of one thread with the relaxed build", async () => {
    const alone = await run({ simd: "relaxed" });
    const found = await run({ simd: "relaxed", threads: 2 });
    expect(found.runtime).toMatchObject({ build: "gradus-threads-relaxed.wasm", threads: 2 });
    expect(found.weightsAfter200Steps).toEqual(alone.weightsAfter200Steps);
  });
});

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

describe.runIf(executablePath)("Chromium", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  /** What the program of a page leaves that calls `init` with these options. */
  async function open(root: string, init: object, headers = {}): Promise<Results> {
    const site = await serve(root, { headers });
    const page = await browser.newPage();
    try {
      await page.goto(`${site.url}index.html?init=${encodeURIComponent(JSON.stringify(init))}`);
      await page.waitForFunction(() => "result" in globalThis, null, { timeout: 50_000 });
      const found = await page.evaluate(() => (globalThis as { result?: unknown }).result);
      return found as Results;
    } finally {
      await page.close();
      await site.close();
    }
  }

  function bare(): string {
    const map = '{ "imports": { "gradus": "/node_modules/gradus/dist/index.js" } }';
    const head = `<!doctype html><script type="importmap">${map}</script>`;
    const page = `${head}<script type="module" src="/page.mjs"></script>`;
    writeFileSync(join(folder, "index.html"), page);
    return folder;
  }

  it("trains to the same bits on threads where the page is isolated", async () => {
    const found = await open(bare(), onThree, isolation);
    expect(found.runtime.build).toBe("gradus-threads-strict.wasm");
    expectResults(found, sha256, onThree);
    record("Chromium", browser.version(), "three threads, isolated", found.runtime.build);
  });

  it("trains on one thread where it is not, and says why", async () => {
    const found = await open(bare(), onThree);
    expect(found.runtime.build).toBe("gradus-strict.wasm");
    expect(found.runtime.why).toMatch(/no threads: the page is not isolated .*Embedder-Policy/);
    expectResults(found, sha256);
  });

  it("finds the worker where Vite put it", async () => {
    const root = mkdtempSync(join(folder, "vite-threads-"));
    const script = '<script type="module" src="../page.mjs"></script>';
    writeFileSync(join(root, "index.html"), `<!doctype html>${script}`);
    const outDir = join(root, "dist");
    await viteBuild({
      root,
      logLevel: "silent",
      worker: { format: "es" },
      build: { outDir, target: "esnext" },
    });
    const found = await open(outDir, { threads: 2 }, isolation);
    expect(found.runtime).toMatchObject({ build: "gradus-threads-relaxed.wasm", threads: 2 });
  });

  it("finds the worker where webpack put it", async () => {
    const path = mkdtempSync(join(folder, "webpack-threads-"));
    writeFileSync(join(path, "index.html"), '<!doctype html><script src="page.js"></script>');
    await new Promise<void>((resolve, reject) => {
      webpack(
        {
          mode: "production",
          context: folder,
          entry: "./page.mjs",
          output: { path, filename: "page.js" },
          performance: { hints: false },
        },
        (error, stats) => {
          if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
          else resolve();
        },
      );
    });
    const found = await open(path, { threads: 2 }, isolation);
    expect(found.runtime).toMatchObject({ build: "gradus-threads-relaxed.wasm", threads: 2 });
  });
});
