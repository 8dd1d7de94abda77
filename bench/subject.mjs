// The process of one JavaScript subject: node subject.mjs PEER-FILE SUBJECT-ID. Answers the
// tasks of connection.mjs and reads the clock. peers/pytorch.py does the same in Python.
import { createInterface } from "node:readline";

const [peerFile = "", id = ""] = process.argv.slice(2);
const stdout = process.stdout.write.bind(process.stdout);
// Libraries may print; stdout belongs to the answers.
process.stdout.write = process.stderr.write.bind(process.stderr);

/** @type {import("./subjects.mjs").Peer} */
let peer;

/**
 * What is prepared, by slots: cases that are measured in turns have several.
 * @typedef {{ work: () => unknown, baseline?: () => unknown, enter?: () => void, waits: boolean,
 *   secondsPerCall: number, value?: () => number | Promise<number>, release?: () => void }} Ready
 * @type {Ready[]}
 */
const preparedBy = [];

/** Seconds by the clock on the wall. */
const wallTime = () => Number(process.hrtime.bigint()) / 1e9;

/** Seconds this thread has computed, without those that other programs took from it. */
function threadTime() {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

let now = wallTime;

/**
 * Seconds that `calls` calls take.
 * @param {Ready} ready
 * @param {number} calls
 */
async function time({ work, baseline, waits }, calls) {
  const start = now();
  if (waits) for (let i = 0; i < calls; i += 1) await work();
  else for (let i = 0; i < calls; i += 1) work();
  const end = now();
  if (!baseline) return end - start;
  for (let i = 0; i < calls; i += 1) baseline();
  return Math.max(end - start - (now() - end), (end - start) / 100);
}

/** @type {Record<string, (details: any) => unknown>} */
const tasks = {
  async describe({ cpuTime }) {
    if (cpuTime) now = threadTime;
    const { open } = await import(new URL(`peers/${peerFile}`, import.meta.url).href);
    peer = await open(id);
    return peer.describe();
  },

  async prepare({ work: description, slot = 0 }) {
    for (const { release } of preparedBy.splice(slot)) release?.();
    const { work, value, baseline, enter, check, flops, release } = await peer.prepare(description);
    if (value) {
      preparedBy[slot] = { work: () => {}, value, waits: false, release, secondsPerCall: 0 };
      return {};
    }
    const first = work();
    const waits = typeof first?.then === "function";
    await first;
    preparedBy[slot] = { work, baseline, enter, waits, release, secondsPerCall: 0 };
    return { check, flops };
  },

  /** Runs until the compiler of the runtime has done its part; learns how long a call takes. */
  async warm({ milliseconds, slot = 0 }) {
    const prepared = preparedBy[slot];
    if (prepared.value) return { secondsPerCall: 0 };
    prepared.enter?.();
    let calls = 1;
    let spent = 0;
    for (;;) {
      const seconds = await time(prepared, calls);
      prepared.secondsPerCall = seconds / calls;
      spent += seconds;
      if (spent * 1e3 >= milliseconds) return { secondsPerCall: prepared.secondsPerCall };
      if (seconds * 5e3 < milliseconds) calls *= 2;
    }
  },

  async sample({ milliseconds, slot = 0 }) {
    const prepared = preparedBy[slot];
    if (prepared.value) return { value: await prepared.value() };
    const calls = Math.max(1, Math.ceil(milliseconds / 1e3 / prepared.secondsPerCall));
    prepared.enter?.();
    // Others used the caches in between: that is not part of the work.
    if (calls > 4) await time(prepared, 1);
    const seconds = await time(prepared, calls);
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
