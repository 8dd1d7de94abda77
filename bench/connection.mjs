// A subject in a process of its own: its memory, garbage and compiled code cannot disturb the
// others. One line of JSON each way; the clock is read over there, next to the work.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Lines of a subject's stderr that are kept to explain its end. */
const keptLines = 20;

export class Connection {
  #child;
  #waiting = /** @type {{ resolve: Function, reject: Function } | undefined} */ (undefined);
  #ended = /** @type {Error | undefined} */ (undefined);
  #said = /** @type {string[]} */ ([]);

  /** @param {{ command: string, args: string[], env?: Record<string, string> }} start */
  constructor({ command, args, env }) {
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#answer(line));
    createInterface({ input: this.#child.stderr }).on("line", (line) => {
      this.#said = [...this.#said, line].slice(-keptLines);
    });
    this.#child.stdin.on("error", () => {}); // "close" tells more
    this.#child.on("error", (error) => this.#end(error));
    this.#child.on("close", (code, signal) =>
      this.#end(new Error(`ended with ${signal ?? code}: ${this.#said.join("\n")}`)),
    );
  }

  get alive() {
    return this.#ended === undefined;
  }

  /**
   * @param {string} task
   * @param {object} [details]
   * @returns {Promise<any>} the subject's answer
   * @throws Error with the subject's words when it could not
   */
  ask(task, details = {}) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.stdin.write(`${JSON.stringify({ task, ...details })}\n`);
    });
  }

  close() {
    this.#child.stdin.end();
  }

  /** @param {string} line */
  #answer(line) {
    const { error, ...answer } = JSON.parse(line);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }

  /** @param {Error} error */
  #end(error) {
    this.#ended ??= error;
    this.#waiting?.reject(this.#ended);
    this.#waiting = undefined;
  }
}
