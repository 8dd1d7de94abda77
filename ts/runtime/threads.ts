// Threads, for the forms of the package that have files for them: whether they can work in this
// place, and their start. Forms without threads do without this file.
import { type Build, poolAllowNaps, poolReserve } from "./bindings.js";
import { mayNap, obstacle, startWorkers, type WorkerFile } from "./pool.js";
import type { Joining } from "./pool-worker.js";

/** A worker's stack and what it packs operands in, and as much again as rounding may take. */
const bytesPerWorker = 2 ** 20;

/** What threads need. */
export interface PackagedThreads {
  /** Why they cannot work in this place; null where they can. */
  obstacle(): string | null;
  /** Starts helpers of the engine that has begun; calls `lost` when one ends. */
  start(
    count: number,
    joining: Joining,
    lost: (reason: string) => void,
  ): Promise<{ helping: number; failure: string | null }>;
  /** The address of a build. */
  wasm(build: Build): URL;
}

/** Threads whose workers run the file `worker`. */
export function threadsOf(worker: WorkerFile, wasm: (build: Build) => URL): PackagedThreads {
  return {
    obstacle,
    start(count, joining, lost) {
      poolAllowNaps(mayNap());
      poolReserve(count * bytesPerWorker);
      return startWorkers(worker, count, joining, lost);
    },
    wasm,
  };
}
