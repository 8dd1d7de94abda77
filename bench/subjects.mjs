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
 * @property {() => unknown} work what is timed; awaited where it returns a promise
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

/** @typedef {Subject & { connection: Connection, version: string, notes: string[] }} OpenSubject */

/**
 * Starts a subject's process.
 * @param {Subject & { file: string }} subject
 * @param {{ cpuTime: boolean }} clock
 * @returns {Promise<OpenSubject | string>} a text says why it takes no part
 */
export async function openSubject(subject, { cpuTime }) {
  const host = fileURLToPath(new URL("subject.mjs", import.meta.url));
  const start = subject.start?.() ?? {
    command: process.execPath,
    args: [host, subject.file, subject.id],
  };
  if (typeof start === "string") return start;
  const connection = new Connection(start);
  try {
    const { version, notes = [] } = await connection.ask("describe", { cpuTime });
    return { ...subject, connection, version, notes };
  } catch (error) {
    connection.close();
    return /** @type {Error} */ (error).message;
  }
}
