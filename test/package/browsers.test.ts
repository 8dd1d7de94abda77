// The packed package in Chromium: as it is, in a worker, under a strict policy, after each bundler,
// and where it cannot work, with errors that say why.
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import type { Browser } from "playwright-core";
import { rollup } from "rollup";
import { build as viteBuild } from "vite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import webpack from "webpack";
import { executablePath, launch, type SiteOptions, serve } from "./support/browser.js";
import type { Results } from "./support/consumer.js";
import { expectResults } from "./support/expected.js";

const folder = inject("installed");
const sha256 = inject("sha256");
const importMap = '{ "imports": { "gradus": "/node_modules/gradus/dist/index.js" } }';
const inline = '{ "imports": { "gradus": "/node_modules/gradus/dist/inline.js" } }';

let browser: Browser;

beforeAll(async () => {
  if (executablePath) browser = await launch();
});

afterAll(async () => {
  await browser?.close();
});

/** A page without a bundler. */
function bare(map: string, script = '<script type="module" src="/page.mjs"></script>'): string {
  return `<!doctype html><script type="importmap">${map}</script>${script}`;
}

/** A folder of a site with this page. */
function site(name: string, html: string): string {
  const path = mkdtempSync(join(folder, `${name}-`));
  writeFileSync(join(path, "index.html"), html);
  return path;
}

type Answer = Results & { readonly error?: string };

/** Opens a page and waits for what its program leaves. */
async function open(root: string, path: string, options: SiteOptions = {}): Promise<Answer> {
  const server = await serve(root, options);
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(server.url + path);
    await page
      .waitForFunction(() => "result" in globalThis, null, { timeout: 20_000 })
      .catch((error: unknown) => {
        throw new Error(`${error}\n${said.join("\n")}`);
      });
    return (await page.evaluate(() => (globalThis as { result?: unknown }).result)) as Answer;
  } finally {
    await page.close();
    await server.close();
  }
}

function write(path: string, text: string): string {
  writeFileSync(join(folder, path), text);
  return path;
}

describe.runIf(executablePath)("Chromium", () => {
  it('takes it from a <script type="module">', async () => {
    const found = await open(folder, write("bare.html", bare(importMap)));
    expect(found.runtime.build).toBe("gradus-relaxed.wasm");
    expectResults(found, sha256);
  });

  it("trains to the same bits as Node with the strict build", async () => {
    const path = write("bare.html", bare(importMap));
    const found = await open(folder, `${path}?init={"simd":"strict"}`);
    expect(found.runtime.simd).toBe("strict");
    expectResults(found, sha256);
  });

  it("takes the single file", async () => {
    expectResults(await open(folder, write("inline.html", bare(inline))), sha256);
  });

  it("trains in a web worker", async () => {
    // Import maps do not reach workers: a bundler puts the program together.
    const dist = site("worker", "<!doctype html><script src=page.js></script>");
    await bundleWithEsbuild("page-worker.mjs", join(dist, "worker.js"));
    const page = `globalThis.result = new Promise((resolve) => {
      const worker = new Worker("worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => resolve({ error: event.message });
    });`;
    writeFileSync(join(dist, "page.js"), page);
    expectResults(await open(dist, "index.html"), sha256);
  });

  it("works isolated from other origins, and where the policy allows WebAssembly alone", async () => {
    const headers = {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    };
    const dist = await bundled("csp", (path) => bundleWithEsbuild("page.mjs", path));
    // The single file has its worker in itself, which this policy does not allow.
    const refused = /fit: expected a worker to train in, .*worker-src/;
    expectResults(await open(dist, "index.html", { headers }), sha256, refused);
  });

  it("bears with a server that does not know the type of .wasm files", async () => {
    const path = write("bare.html", bare(importMap));
    const types = { wasm: "application/octet-stream" };
    expectResults(await open(folder, path, { types }), sha256);
  });
});

describe.runIf(executablePath)("Chromium, where it cannot work, is told", () => {
  it("what the policy of the page must allow", async () => {
    const headers = { "content-security-policy": "default-src 'self'; script-src 'self'" };
    const dist = await bundled("csp", (path) => bundleWithEsbuild("page.mjs", path));
    const { error } = await open(dist, "index.html", { headers });
    expect(error).toMatch(/leave to run WebAssembly.*Hint: Add 'wasm-unsafe-eval' to script-src/s);
  });

  it("that the file is missing", async () => {
    const path = write("bare.html", bare(importMap));
    const { error } = await open(folder, path, { missing: /\.wasm$/ });
    expect(error).toMatch(/expected the engine at .*\.wasm, received status 404.*gradus\/inline/);
  });

  it("that the worker's file is missing", async () => {
    const path = write("bare.html", bare(importMap));
    const { trainsInWorker } = await open(folder, path, { missing: /worker\.js$/ });
    expect(trainsInWorker).toMatch(/fit: expected a worker to train in, .*Serve worker\.js of the/);
  });

  it("that there is a page where the file should be", async () => {
    const path = write("bare.html", bare(importMap));
    const { error } = await open(folder, path, { missing: /\.wasm$/, fallback: "<!doctype html>" });
    expect(error).toMatch(/expected the engine at .*, received a web page. Hint: .*missing/);
  });
});

/** A site whose page loads one script that a bundler makes. */
async function bundled(name: string, bundle: (path: string) => Promise<unknown>): Promise<string> {
  const dist = site(name, '<!doctype html><script type="module" src="page.js"></script>');
  await bundle(join(dist, "page.js"));
  return dist;
}

/** esbuild and Rollup leave files alone that a script asks for by address: the single file then. */
async function bundleWithEsbuild(entry: string, outfile: string): Promise<void> {
  await esbuild.build({
    entryPoints: [join(folder, entry)],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    alias: { gradus: join(folder, "node_modules/gradus/dist/inline.js") },
    logLevel: "silent",
  });
}

describe.runIf(executablePath)("Chromium after a bundler", () => {
  it("Vite copies the engine", async () => {
    const root = site("vite", '<!doctype html><script type="module" src="../page.mjs"></script>');
    const outDir = join(root, "dist");
    await viteBuild({
      root,
      logLevel: "silent",
      build: { outDir, target: "esnext" },
    });
    const found = await open(outDir, "index.html");
    expect(found.runtime.simd).toBe("relaxed");
    expectResults(found, sha256);
  });

  it("webpack copies the engine", async () => {
    const dist = await bundled("webpack", (path) => {
      return new Promise<void>((resolve, reject) => {
        webpack(
          {
            mode: "production",
            context: folder,
            entry: "./page.mjs",
            output: { path: join(path, ".."), filename: "page.js" },
            performance: { hints: false },
          },
          (error, stats) => {
            if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
            else resolve();
          },
        );
      });
    });
    const found = await open(dist, "index.html");
    expect(found.runtime.simd).toBe("relaxed");
    expectResults(found, sha256);
  });

  it("esbuild takes gradus/inline", async () => {
    const dist = await bundled("esbuild", (path) => bundleWithEsbuild("page.mjs", path));
    expectResults(await open(dist, "index.html"), sha256);
  });

  it("esbuild, with the .wasm files copied beside the script", async () => {
    const dist = await bundled("esbuild", (outfile) =>
      esbuild.build({
        entryPoints: [join(folder, "page.mjs")],
        outfile,
        bundle: true,
        format: "esm",
        logLevel: "silent",
      }),
    );
    for (const file of ["gradus-relaxed.wasm", "gradus-strict.wasm", "worker.js"]) {
      cpSync(join(folder, "node_modules/gradus/dist", file), join(dist, file));
    }
    expectResults(await open(dist, "index.html"), sha256);
  });

  it("Rollup takes gradus/inline", async () => {
    const dist = await bundled("rollup", async (file) => {
      const bundle = await rollup({
        input: join(folder, "page.mjs"),
        plugins: [
          {
            name: "resolve-gradus",
            resolveId: (source) =>
              source === "gradus" ? join(folder, "node_modules/gradus/dist/inline.js") : null,
          },
        ],
      });
      await bundle.write({ file, format: "es" });
      await bundle.close();
    });
    expectResults(await open(dist, "index.html"), sha256);
  });
});
