// The worker's side of the line to whoever started it, on each platform.

interface ParentPort {
  postMessage(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
  on(event: "message", listen: (message: unknown) => void): void;
}

interface NodeLike {
  getBuiltinModule?(name: "node:worker_threads"): { parentPort: ParentPort | null } | undefined;
}

interface WebWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

/** The line to the parent. */
export interface WorkerParent<Request, Reply> {
  post(reply: Reply, transfer?: readonly ArrayBufferLike[]): void;
  listen(answer: (request: Request) => void): void;
  /** Lets messages come in, and comes back after those that are there. */
  giveWay(): Promise<void>;
}

/** The line of this worker. */
export function parentOfWorker<Request, Reply>(): WorkerParent<Request, Reply> {
  // Deno and Bun have both; with theirs of the web, messages come to the web's.
  const web = globalThis as unknown as WebWorker;
  const node =
    typeof web.postMessage === "function"
      ? undefined
      : (globalThis as { process?: NodeLike }).process?.getBuiltinModule?.("node:worker_threads");
  const port = node?.parentPort;
  // A message to oneself takes its turn behind those that came before, as scheduler.yield does not.
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  const giveWay = () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
  return {
    post: (reply, transfer = []) => (port ?? web).postMessage(reply, transfer),
    listen: (answer) => {
      if (port) port.on("message", (message) => answer(message as Request));
      else web.onmessage = ({ data }) => answer(data as Request);
    },
    giveWay,
  };
}
