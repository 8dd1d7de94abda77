// The process of one JavaScript subject: node subject.mjs PEER-FILE SUBJECT-ID. Answers the
// tasks of connection.mjs and reads the clock. peers/pytorch.py does the same in Python.
import { createInterface } from "node:readline";

const [peerFile = "", id = ""] = process.argv.slice(2);
const stdout = process.stdout.write.bind(process.stdout);
// Libraries may print; stdout belongs to the answers.
process.stdout.write = process.stderr.write.bind(process.stderr);

const { open } = await import(new URL(`peers/${peerFile}`, import.meta.url).href);
const peer = await open(id);

/** @type {{ work: () => unknown, waits: boolean, secondsPerCall: number, release?: () => void }} */
let prepared;

/**
 * Seconds that `calls` calls take.
 * @param {number} calls
 */
async function time(calls) {
  const { work, waits } = prepared;
  const start = process.hrtime.bigint();
  if (waits) for (let i = 0; i < calls; i += 1) await work();
  else for (let i = 0; i < calls; i += 1) work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** @type {Record<string, (details: any) => unknown>} */
const tasks = {
  describe: () => peer.describe(),

  async prepare({ work: description }) {
    prepared?.release?.();
    const { work, check, flops, release } = await peer.prepare(description);
    const first = work();
    const waits = typeof first?.then === "function";
    await first;
    prepared = { work, waits, release, secondsPerCall: 0 };
    return { check, flops };
  },

  /** Runs until the compiler of the runtime has done its part; learns how long a call takes. */
  async warm({ milliseconds }) {
    let calls = 1;
    let spent = 0;
    for (;;) {
      const seconds = await time(calls);
      prepared.secondsPerCall = seconds / calls;
      spent += seconds;
      if (spent * 1e3 >= milliseconds) return { secondsPerCall: prepared.secondsPerCall };
      if (seconds * 5e3 < milliseconds) calls *= 2;
    }
  },

  async sample({ milliseconds }) {
    const calls = Math.max(1, Math.ceil(milliseconds / 1e3 / prepared.secondsPerCall));
    // Others used the caches in between: that is not part of the work.
    if (calls > 4) await time(1);
    const seconds = await time(calls);
    prepared.secondsPerCall = seconds / calls;
    return { seconds: seconds / calls, calls };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { task, ...details } = JSON.parse(line);
  let answer;
  try {
    answer = await tasks[task](details);
  } catch (error) {
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  stdout(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
