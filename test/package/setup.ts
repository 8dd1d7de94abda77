// Packs once for all tests of the package, and finds what the strict build gives in this process.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { TestProject } from "vitest/node";
import { findChromium } from "../../scripts/toolchain/chromium.mjs";
import { consumer, pack, removeConsumers, results } from "./support/consumer.js";
import { present } from "./support/runtimes.js";

declare module "vitest" {
  interface ProvidedContext {
    /** The packed package. */
    tarball: string;
    /** A folder with it installed, for tests that do not need one of their own. */
    installed: string;
    /** The weights of the strict build, in Node. */
    sha256: string;
    /** The browser; empty where there is none. */
    chromium: string;
  }
}

let tarball = "";

/** For vitest. */
export async function setup(project: TestProject): Promise<void> {
  tarball = await pack();
  const installed = await consumer(tarball);
  const found = await results(process.execPath, ["consumer.mjs", '{"simd":"strict"}'], installed);
  project.provide("tarball", tarball);
  project.provide("installed", installed);
  project.provide("sha256", found.weightsAfter200Steps.sha256);
  const chromium = (await findChromium()) ?? "";
  project.provide("chromium", present("Chromium", chromium) ? chromium : "");
}

/** For vitest. */
export function teardown(): void {
  rmSync(dirname(tarball), { recursive: true, force: true });
  removeConsumers();
}
