// The line from `fit` to its worker: requests, and the replies that belong to them. It must not know
// models nor callbacks.
import { GradusError } from "../../errors.js";
import { startChild, type WorkerChild } from "../../runtime/worker-child.js";
import type { Job, Range, Reply, Request } from "./protocol.js";

type Progress = Extract<Reply, { kind: "progress" }>;

/** A worker that trains. */
export class RemoteWorker {
  readonly #child: WorkerChild<Request>;
  #dead: Error | null = null;
  /** Replies that nobody has waited for yet, but those to `read`. */
  readonly #replies: (Progress | { readonly kind: "done" })[] = [];
  #wake: () => void = () => {};
  /** Those who wait for numbers, in order. */
  readonly #readers: { resolve(numbers: Float32Array): void; reject(error: Error): void }[] = [];

  constructor(where: string) {
    this.#child = startChild<Request, Reply>(where, {
      reply: (reply) => this.#hear(reply),
      died: (error) => this.#die(error),
    });
  }

  /** Whether it still answers. */
  get lives(): boolean {
    return this.#dead === null;
  }

  /** Tells it something that has no reply. */
  post(request: Request, numbers?: ArrayBufferView): void {
    if (this.#dead) throw this.#dead;
    this.#child.post(request, numbers ? [numbers.buffer] : []);
  }

  /** Waits until all that was posted is done. */
  async done(): Promise<void> {
    await this.#next();
  }

  /** Runs batches; gives what it tells on the way. */
  async *run(job: Job): AsyncGenerator<Progress, void> {
    this.post({ kind: "run", job });
    for (let reply = await this.#next(); reply.kind === "progress"; reply = await this.#next()) {
      yield reply;
    }
  }

  /** Ends a job after the present step. */
  stop(): void {
    if (this.lives) this.#child.post({ kind: "stop" });
  }

  /** Numbers of variables: for each block its ranges, one after the other. */
  read(blocks: readonly (readonly Range[])[]): Promise<Float32Array>[] {
    this.post({ kind: "read", blocks });
    return blocks.map(() => {
      const numbers = new Promise<Float32Array>((resolve, reject) => {
        this.#readers.push({ resolve, reject });
      });
      // Whoever waits for the first one hears of it.
      numbers.catch(() => {});
      return numbers;
    });
  }

  /** Ends it. */
  end(): void {
    this.#dead ??= new Error("the worker was ended");
    this.#child.end();
  }

  #hear(reply: Reply): void {
    if (reply.kind === "ready") return;
    if (reply.kind === "failed") {
      const { where, ...detail } = reply.error;
      this.#die(new GradusError(where, detail));
    } else if (reply.kind === "numbers") {
      this.#readers.shift()?.resolve(reply.numbers);
    } else {
      this.#replies.push(reply);
      this.#wake();
    }
  }

  #die(error: Error): void {
    this.#dead ??= error;
    this.#child?.end();
    for (const { reject } of this.#readers.splice(0)) reject(error);
    this.#wake();
  }

  async #next(): Promise<Progress | { readonly kind: "done" }> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply) return reply;
      if (this.#dead) throw this.#dead;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
