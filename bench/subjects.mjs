// Which subjects there are: every file of peers/ lists its own.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Connection } from "./connection.mjs";

/**
 * What a file of peers/ exports as `subjects`; it must not load the library before `open`.
 * @typedef {object} Subject
 * @property {string} id as --subject takes it
 * @property {string} subject
 * @property {string} build which of the subject's builds; "" where there is one
 * @property {number} threads
 * @property {number} place in tables, from the left
 * @property {string[]} suites names of the suites it takes part in
 * @property {(work: any, effort: { quick: boolean }) => boolean} [skips] cases it leaves out
 * @property {() => { command: string, args: string[], env?: Record<string, string> } | string} [start]
 *   the program that answers for it, where that is not subject.mjs; a text says why there is none
 */

/**
 * And, for subject.mjs:
 * @typedef {object} Peer what `open(id)` resolves to
 * @property {() => { version: string, notes?: string[] }} describe
 * @property {(work: any) => Prepared | Promise<Prepared>} prepare throws for what it cannot do
 *
 * @typedef {object} Prepared
 * @property {() => unknown} [work] what is timed; awaited where it returns a promise
 * @property {() => number | Promise<number>} [value] instead: a sample in the suite's own unit
 * @property {() => void} [enter] writes what `work` reads, where other cases write to the same memory
 * @property {() => unknown} [baseline] what `work` does beside what is meant; its time is taken off
 * @property {object} [check] what the suite's `verify` looks at before anything is timed
 * @property {number} [flops] of one call, where they are not those of the case
 * @property {() => void} [release]
 */

const folder = new URL("peers/", import.meta.url);

/** @returns {Promise<(Subject & { file: string })[]>} */
export async function allSubjects() {
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const modules = await Promise.all(
    files.map(async (file) => {
      const { subjects = [] } = await import(new URL(file, folder).href);
      return subjects.map((/** @type {Subject} */ subject) => ({ ...subject, file }));
    }),
  );
  return modules.flat().sort((a, b) => a.place - b.place);
}

/** A subject whose process answers. */
export class OpenSubject {
  /** @type {Subject & { file: string }} */
  about;
  version = "";
  /** @type {string[]} */
  notes = [];
  #clock;
  #connection = /** @type {Connection | undefined} */ (undefined);

  /**
   * @param {Subject & { file: string }} about
   * @param {{ cpuTime: boolean }} clock
   */
  constructor(about, clock) {
    this.about = about;
    this.#clock = clock;
  }

  /** Starts the process unless it runs; throws with the reason where that cannot be. */
  async start() {
    if (this.#connection?.alive) return;
    const host = fileURLToPath(new URL("subject.mjs", import.meta.url));
    const { start, file, id } = this.about;
    const program = start?.() ?? { command: process.execPath, args: [host, file, id] };
    if (typeof program === "string") throw new Error(program);
    this.#connection = new Connection(program);
    const { version, notes = [] } = await this.ask("describe", this.#clock);
    this.version = version;
    this.notes = notes;
  }

  /**
   * After an error nothing is known about the state of a library: it gets a new process then.
   * @param {string} task
   * @param {object} details
   */
  async ask(task, details) {
    try {
      return await this.#connection?.ask(task, details);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close() {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
