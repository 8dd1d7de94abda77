// Where gradus/infer has the builds of its engine, which only predicts: in files beside the bundle.
import type { Build } from "./bindings.js";

/** The builds there are, the fastest first. */
export const packagedBuilds: readonly Build[] = ["relaxed", "strict"];

// Bundlers know this form and copy the files. Functions, because where there are no modules there is
// no address either.
const addresses: Record<Build, () => URL> = {
  relaxed: () => new URL("./gradus-infer-relaxed.wasm", import.meta.url),
  strict: () => new URL("./gradus-infer-strict.wasm", import.meta.url),
};

/** The name of a build's file. */
export const fileOf = (build: Build) => `gradus-infer-${build}.wasm` as const;

/** What else can be done where the file cannot be had. */
export const otherForm = "";

/** The address of a build; undefined where it cannot be known. */
export function packagedWasm(build: Build): URL | undefined {
  const here: string | undefined = import.meta.url;
  return here ? addresses[build]() : undefined;
}

/** What only predicts does it with one thread. */
export const packagedThreads = null;
