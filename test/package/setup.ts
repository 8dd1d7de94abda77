// Packs once for all tests of the package, and finds what the strict build gives in this process.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { TestProject } from "vitest/node";
import { findChromium } from "../../scripts/toolchain/chromium.mjs";
import { consumer, pack, results } from "./support/consumer.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed package. */
    tarball: string;
    /** A folder with it installed. */
    installed: string;
    /** The weights of the strict build, in Node. */
    sha256: string;
    /** The browser; empty where there is none. */
    chromium: string;
  }
}

const programs = ["consumer.mjs", "consumer.cjs", "consumer-inline.mjs", "worker.mjs", "page.mjs"];

const made: string[] = [];

/** For vitest. */
export async function setup(project: TestProject): Promise<void> {
  const tarball = await pack();
  const installed = await consumer(tarball, [...programs, "page-worker.mjs"]);
  made.push(dirname(tarball), installed);
  const found = await results(process.execPath, ["consumer.mjs", '{"simd":"strict"}'], installed);
  project.provide("tarball", tarball);
  project.provide("installed", installed);
  project.provide("sha256", found.weightsAfter200Steps.sha256);
  const chromium = await findChromium();
  // Left out loudly on somebody's machine, never in continuous integration.
  if (!chromium && process.env.CI) throw new Error("no Chromium, and none can be installed");
  if (!chromium) console.warn("no Chromium here: the tests in a browser are LEFT OUT");
  project.provide("chromium", chromium ?? "");
}

/** For vitest. */
export function teardown(): void {
  for (const path of made) rmSync(path, { recursive: true, force: true });
}
