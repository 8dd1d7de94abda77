// Starts the worker of the package and speaks with it, on each platform. A worker that dies is an
// error and never a silence. It must not know what is said.
import { fail, GradusError } from "../errors.js";
import { startWorker, workerAddress } from "./packaged.js";

interface NodeWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBufferLike[]): void;
  on(event: "message" | "error" | "exit", listen: (value: unknown) => void): void;
  terminate(): Promise<number>;
}

interface NodeLike {
  getBuiltinModule?(
    name: "node:worker_threads",
  ): { Worker: new (address: URL) => NodeWorker } | undefined;
}

/** What is heard of a worker. */
export interface WorkerEvents<Reply> {
  reply(reply: Reply): void;
  /** Nothing comes any more. */
  died(error: Error): void;
}

/** A worker that runs. */
export interface WorkerChild<Request> {
  post(request: Request, transfer?: readonly ArrayBufferLike[]): void;
  /** Ends it at once; nothing is heard of it any more. */
  end(): void;
}

const cure =
  "Serve worker.js of the package beside its JavaScript, or import gradus/inline; in a page with a " +
  "Content-Security-Policy allow it by worker-src ('self', or blob: for gradus/inline). Or leave " +
  "worker: true out.";

/** Starts a worker; `where` is told in errors. */
export function startChild<Request, Reply>(
  where: string,
  events: WorkerEvents<Reply>,
): WorkerChild<Request> {
  let ended = false;
  let heard = false;
  const hear = (reply: unknown) => {
    heard = true;
    if (!ended) events.reply(reply as Reply);
  };
  const die = (reason: string) => {
    if (ended) return;
    ended = true;
    const expected = heard ? "the worker to live until training ends" : "a worker to train in";
    const hint = heard
      ? "The model is as it was when its weights last came over: at the end of an epoch, or before."
      : cure;
    events.died(new GradusError(where, { expected, received: reason, hint }));
  };
  const worker = open(where, hear, die);
  return {
    post: (request, transfer = []) => worker.postMessage(request, transfer as ArrayBuffer[]),
    end() {
      ended = true;
      void worker.terminate();
    },
  };
}

function open(
  where: string,
  hear: (reply: unknown) => void,
  die: (reason: string) => void,
): Worker | NodeWorker {
  try {
    if (typeof Worker === "function") {
      const worker = startWorker();
      if (worker) {
        worker.onmessage = ({ data }) => hear(data);
        worker.onmessageerror = () => die("a message that cannot be read");
        worker.onerror = (event) => {
          event.preventDefault();
          die(event.message || "one that could not be loaded");
        };
        return worker;
      }
    }
    const address = workerAddress();
    const threads = (globalThis as { process?: NodeLike }).process?.getBuiltinModule?.(
      "node:worker_threads",
    );
    if (address && threads) {
      const worker = new threads.Worker(address);
      worker.on("message", hear);
      worker.on("error", (error) => die(String(error)));
      worker.on("exit", (code) => die(`one that ended with the code ${code}`));
      return worker;
    }
  } catch (error) {
    return fail(where, { expected: "a worker to train in", received: String(error), hint: cure });
  }
  return fail(where, {
    expected: "a platform with workers for worker: true",
    received: "one without",
    hint: "Leave worker: true out: fit gives way to other work as it is.",
  });
}
