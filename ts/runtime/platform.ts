// What differs between the places JavaScript runs in: reading files, giving way to other work.
// Nothing here runs when the module is loaded.

interface NodeLike {
  getBuiltinModule?(name: "node:fs"): typeof import("node:fs") | undefined;
  getBuiltinModule?(name: "node:worker_threads"): typeof import("node:worker_threads") | undefined;
  getBuiltinModule?(name: "node:os"): typeof import("node:os") | undefined;
}

interface Globals {
  readonly process?: NodeLike;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly setImmediate?: (callback: () => void) => void;
}

const globals = globalThis as Globals;

/** The file system at once, where the platform has one and gives it synchronously. */
export function fileSystem(): typeof import("node:fs") | undefined {
  return globals.process?.getBuiltinModule?.("node:fs");
}

/** Workers as Node has them, and Deno and Bun beside their own: these let a process end. */
export function workerThreads(): typeof import("node:worker_threads") | undefined {
  return globals.process?.getBuiltinModule?.("node:worker_threads");
}

/** How many threads can run at the same time; 1 where nobody knows. */
export function processors(): number {
  const os = globals.process?.getBuiltinModule?.("node:os");
  return os?.availableParallelism() ?? globals.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Whether it is an answer of `fetch`. The first mention of Response has Node load all that `fetch`
 * needs, which takes longer than the engine; so bytes are told apart before.
 */
export function isResponse<T>(value: T | Response): value is Response {
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  return !isBytes && !(value instanceof WebAssembly.Module) && value instanceof Response;
}

/** The bytes behind an address: a file where it is one and can be read, else fetched. */
export async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer> | Response> {
  const fs = url.protocol === "file:" ? fileSystem() : undefined;
  return fs ? new Uint8Array(await fs.promises.readFile(url)) : fetch(url);
}

/** The bytes of a file without waiting; undefined where that cannot be done. */
export function readBytesNow(url: URL): Uint8Array<ArrayBuffer> | undefined {
  if (url.protocol !== "file:") return undefined;
  const fs = fileSystem();
  return fs && new Uint8Array(fs.readFileSync(url));
}

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/** Lets the event loop do other work, painting included, and comes back as soon as it has. */
export function giveWay(): Promise<void> {
  if (globals.setImmediate) {
    const later = globals.setImmediate;
    return new Promise((resolve) => later(resolve));
  }
  // setTimeout would wait at least 4 ms after a few turns; a message does not. scheduler.yield would
  // come back before timers and answers of the network, for as long as training goes on.
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
