// The program of a worker: joins the engine's memory and computes what it is given there, for good.
// It is a file of its own, `pool-worker.js` in the package, and must stay small: no models here.
import { joinNow, poolFail, poolServe } from "./bindings.js";

/** What the thread that starts a worker tells it. */
export interface Joining {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** What a worker answers: that it helps now, or why it no longer does. */
export type Answer = { readonly helps: true } | { readonly failure: string };

interface Port {
  onmessage: ((event: { readonly data: Joining }) => void) | null;
  postMessage(answer: Answer): void;
}

interface Globals {
  readonly process?: {
    getBuiltinModule?(name: "node:worker_threads"): { readonly parentPort: Port | null };
  };
}

/** Kernels keep little on the stack: panels and the like. */
const stackBytes = 256 * 1024;

const globals = globalThis as unknown as Globals & Port;
// In two steps: Vite's minifier goes wrong on the call and the property in one optional chain.
const threads = globals.process?.getBuiltinModule?.("node:worker_threads");
const port = threads?.parentPort ?? globals;

port.onmessage = ({ data: { module, memory } }) => {
  try {
    joinNow({ module, memory, thread_stack_size: stackBytes });
  } catch (error) {
    port.postMessage({ failure: String(error) });
    return;
  }
  port.postMessage({ helps: true });
  try {
    poolServe();
  } catch (error) {
    // Whoever waits for this worker's part must not wait for ever.
    poolFail();
    port.postMessage({ failure: String(error) });
  }
};
