// Where the form of the package that is a single file (`gradus/inline`) has its engine: in itself,
// as text, and the worker's script. It carries the strict build alone, which every engine runs.

import strict from "../../build/wasm/strict/gradus_wasm_bg.wasm?base64";
import script from "../../dist/worker.js?text";
import type { Build } from "./bindings.js";

/** The builds there are. */
export const packagedBuilds: readonly Build[] = ["strict"];

/** The name of a build's file. */
export const fileOf = (build: Build) => `gradus-${build}.wasm` as const;

/** What else can be done where the file cannot be had. */
export const otherForm = ", or import gradus/inline, which carries its own";

/** The bytes of the build. */
export function packagedWasm(_build: Build): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(strict), (character) => character.charCodeAt(0));
}

/** The script of the worker that `fit` may run in. */
export function workerAddress(): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`);
}

let url: string | undefined;

/** Starts it where the platform has workers of the web. */
export function startWorker(): Worker {
  url ??= URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  return new Worker(url, { type: "module", name: "gradus" });
}

/** Threads need files of their own, which this form of the package does not have. */
export const packagedThreads = null;
