// Where this form of the package has the builds of the engine: in files beside the bundle. The
// other forms put packaged.inline.ts, packaged.edge.ts and their like in the place of this file.
import type { Build } from "./bindings.js";
import { type PackagedThreads, threadsOf } from "./threads.js";

/** The builds there are, the fastest first. */
export const packagedBuilds: readonly Build[] = ["relaxed", "strict"];

// Bundlers know this form and copy the files. Functions, because where there are no modules there is
// no address either.
const addresses: Record<Build, () => URL> = {
  relaxed: () => new URL("./gradus-relaxed.wasm", import.meta.url),
  strict: () => new URL("./gradus-strict.wasm", import.meta.url),
};

/** The name of a build's file. */
export const fileOf = (build: Build) => `gradus-${build}.wasm` as const;

/** What else can be done where the file cannot be had. */
export const otherForm = ", or import gradus/inline, which carries its own";

/** The script of the worker that `fit` may run in, where it is in a file. */
export function workerAddress(): URL {
  const here = import.meta.url;
  const path = here.endsWith("/ts/runtime/packaged.ts") ? "../../dist/worker.js" : "./worker.js";
  return new URL(path, here);
}

/** Starts it where the platform has workers of the web. Bundlers know this form, too. */
export function startWorker(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "gradus" });
}

/** A build: its address, its bytes, or the module; undefined where it cannot be known. */
export function packagedWasm(
  build: Build,
): URL | Uint8Array<ArrayBuffer> | WebAssembly.Module | undefined {
  const here: string | undefined = import.meta.url;
  if (!here) return undefined;
  // Tests run this file as it is, unbundled.
  if (!here.endsWith("/ts/runtime/packaged.ts")) return addresses[build]();
  return new URL(`../../build/wasm/${build}/gradus_wasm_bg.wasm`, here);
}

/** What threads need; null where this form of the package does without. */
export const packagedThreads: PackagedThreads | null = threadsOf(
  {
    web: () => new Worker(new URL("./pool-worker.js", import.meta.url), { type: "module" }),
    // Hidden from bundlers for the web, which would copy it without need.
    file: (name = "./pool-worker.js") => new URL(name, import.meta.url),
  },
  (build) =>
    build === "relaxed"
      ? new URL("./gradus-threads-relaxed.wasm", import.meta.url)
      : new URL("./gradus-threads-strict.wasm", import.meta.url),
);
