// Starts the workers that help the engine, and hears of their end. It must not know the engine.

import { workerThreads } from "./platform.js";
import type { Answer, Joining } from "./pool-worker.js";

/** A worker of either kind. */
interface Helper {
  postMessage(joining: Joining): void;
  terminate(): unknown;
}

/** How this form of the package makes workers. */
export interface WorkerFile {
  /** A worker of the web, in the form that bundlers recognise. */
  web(): Worker;
  /** The same file, for Node and its like. */
  file(): URL;
}

/** How long a worker may take to answer before it counts as lost. */
const patience = 30_000;

/** Why threads cannot work in this place; null where they can. */
export function obstacle(): string | null {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
  if (typeof SharedArrayBuffer === "undefined" || isolated === false) {
    return (
      "the page is not isolated from other origins (serve it with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)"
    );
  }
  if (!workerThreads() && typeof Worker === "undefined")
    return "there are no workers in this place";
  return WebAssembly.validate(sharedProbe) ? null : "this JavaScript engine has no shared memory";
}

/** A module with a shared memory of one page. */
const sharedProbe = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1]);

/** Whether this thread may sleep: the main one of a page may not. */
export function mayNap(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts `count` workers, and waits until each helps or failed.
 * @returns how many help, and why others do not
 */
export async function startWorkers(
  { web, file }: WorkerFile,
  count: number,
  joining: Joining,
  lost: (reason: string) => void,
): Promise<{ helping: number; failure: string | null }> {
  const start = () => startOne(web, file, joining, lost).then(() => null, String);
  const failures = await Promise.all(Array.from({ length: count }, start));
  const failed = failures.filter((failure) => failure !== null);
  return { helping: count - failed.length, failure: failed[0] ?? null };
}

/** Resolves when the worker helps; calls `lost` when it ends afterwards. */
function startOne(
  web: () => Worker,
  file: () => URL,
  joining: Joining,
  lost: (reason: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let helps = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let helper: Helper;
    const end = (reason: string) => {
      clearTimeout(timer);
      if (helps) return lost(reason);
      reject(reason);
      // One that failed to start would keep the process from ending.
      helper.terminate();
    };
    let release = () => {};
    const hear = (answer: Answer) => {
      if ("failure" in answer) return end(answer.failure);
      helps = true;
      clearTimeout(timer);
      release();
      resolve();
    };
    const threads = workerThreads();
    if (threads) {
      // Flags of this process (--input-type, --eval) are not for the worker.
      const worker = new threads.Worker(file(), { name: "gradus", execArgv: [] });
      worker.on("message", hear);
      worker.on("error", (error) => end(String(error)));
      worker.on("exit", (code) => end(`a worker ended with code ${code}`));
      // From then on the worker does not keep the process from ending.
      release = () => worker.unref();
      helper = worker;
    } else {
      const worker = web();
      worker.onmessage = ({ data }) => hear(data);
      worker.onerror = ({ message }) => end(message || "the file of the worker cannot be loaded");
      helper = worker;
    }
    timer = setTimeout(() => end(`a worker did not answer for ${patience / 1000} s`), patience);
    helper.postMessage(joining);
  });
}
