// The packed package in Chromium: as it is, in workers, under a strict policy, isolated from other
// origins, and after each bundler.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  executablePath,
  launch,
  open,
  patience,
  type SiteOptions,
  serve,
} from "./support/browser.js";
import * as bundlers from "./support/bundlers.js";
import { consumer, removeConsumers } from "./support/consumer.js";
import { type Expected, expectResults } from "./support/expected.js";
import { bare, importMap } from "./support/pages.js";
import { record } from "./support/record.js";

const sha256 = inject("sha256");
const tarball = inject("tarball");

let browser: Browser;
beforeAll(async () => {
  if (executablePath) browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  removeConsumers();
});

/** A row of the table: makes pages in a folder with the package; returns where they are. */
interface Row extends Expected {
  readonly how: string;
  make(folder: string): Promise<Place> | Place;
  readonly site?: SiteOptions;
  readonly isolated?: true;
}

/** A folder of a site and the page in it, or a site of its own. */
type Place =
  | { readonly root: string; readonly page: string }
  | { readonly url: string; close(): Promise<void> };

const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};
const policy = {
  "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
};
/** Threads share memory, which only isolated pages may. */
const threads = { alone: 1, isolated: 1 };

const rows: readonly Row[] = [
  {
    how: "module script, no bundler",
    make: (folder) => bare(folder, "page.mjs", importMap("index")),
    simd: "relaxed",
    threads: threads.alone,
  },
  {
    how: "the same, strict build",
    make: (folder) => {
      const { root, page } = bare(folder, "page.mjs", importMap("index"));
      return { root, page: `${page}?init={"simd":"strict"}` };
    },
    simd: "strict",
  },
  {
    how: "the same, isolated from other origins",
    make: (folder) => bare(folder, "page.mjs", importMap("index")),
    site: { headers: isolation },
    isolated: true,
    simd: "relaxed",
    threads: threads.isolated,
  },
  {
    how: "the same, server without a type for .wasm",
    make: (folder) => bare(folder, "page.mjs", importMap("index")),
    site: { types: { wasm: "application/octet-stream" } },
    simd: "relaxed",
  },
  {
    how: "gradus/inline, no bundler",
    make: (folder) => bare(folder, "page-inline.mjs", importMap("inline")),
    simd: "strict",
  },
  {
    how: "service worker",
    make: (folder) => bare(folder, "page-with-service-worker.mjs"),
    simd: "relaxed",
    // Service workers start no workers.
    worker: /expected a platform with workers.*Leave worker: true out/,
  },
  {
    how: "policy of 'wasm-unsafe-eval' alone",
    make: (folder) => bundlers.esbuildWithFiles(folder, "page.mjs"),
    site: { headers: policy },
    simd: "relaxed",
  },
  {
    how: "the same with gradus/inline, isolated",
    make: (folder) => bundlers.esbuild(folder, "page-inline.mjs"),
    site: { headers: { ...isolation, ...policy } },
    isolated: true,
    simd: "strict",
    // It has its worker in itself, which this policy does not allow.
    worker: /fit: expected a worker to train in, .*worker-src/,
  },
  { how: "Vite build", make: (folder) => bundlers.vite(folder, "page.mjs"), simd: "relaxed" },
  {
    how: "Vite build, web worker",
    make: (folder) => bundlers.vite(folder, "page-with-worker.mjs"),
    simd: "relaxed",
  },
  {
    how: "Vite development server",
    make: (folder) => bundlers.viteServer(folder, "page.mjs", []),
    simd: "relaxed",
  },
  {
    how: "Vite development server, optimizeDeps.exclude",
    make: (folder) => bundlers.viteServer(folder, "page.mjs", ["gradus"]),
    simd: "relaxed",
  },
  { how: "webpack", make: (folder) => bundlers.webpack(folder, "page.mjs"), simd: "relaxed" },
  {
    how: "webpack, web worker",
    make: (folder) => bundlers.webpack(folder, "page-with-worker.mjs"),
    simd: "relaxed",
  },
  {
    how: "esbuild, files copied",
    make: (folder) => bundlers.esbuildWithFiles(folder, "page.mjs"),
    simd: "relaxed",
  },
  {
    how: "esbuild, gradus/inline",
    make: (folder) => bundlers.esbuild(folder, "page-inline.mjs"),
    simd: "strict",
  },
  {
    how: "Rollup, files copied",
    make: (folder) => bundlers.rollupWithFiles(folder, "page.mjs"),
    simd: "relaxed",
  },
  {
    how: "Rollup, gradus/inline",
    make: (folder) => bundlers.rollup(folder, "page-inline.mjs"),
    simd: "strict",
  },
];

describe.runIf(executablePath)("Chromium", () => {
  it.each(rows)("trains and predicts: $how", { timeout: patience }, async (row) => {
    const { how, make, site, isolated, ...expected } = row;
    const place = await make(await consumer(tarball));
    const server = "url" in place ? place : await serve(place.root, site);
    try {
      const found = await open(browser, server.url + ("page" in place ? place.page : ""));
      expectResults(found, sha256, expected);
      expect(found.isolated).toBe(isolated ?? false);
      record("Chromium", browser.version(), how, found.runtime.build);
    } finally {
      await server.close();
    }
  });
});
