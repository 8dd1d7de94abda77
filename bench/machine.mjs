// What the figures were measured on.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

/**
 * @param {import("./subjects.mjs").OpenSubject[]} subjects
 * @param {{ cpuTime: boolean, quick: boolean }} how
 * @returns {string[]} lines
 */
export function describeMachine(subjects, { cpuTime, quick }) {
  const cores = cpus();
  const versions = new Map();
  for (const { about: subject, version, notes } of subjects) {
    const words = [version, ...notes].join(", ");
    versions.set(words, [...new Set([...(versions.get(words) ?? []), subject.id])]);
  }
  const lines = [
    `${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch} ${release()}`,
    `gradus at ${commit()}, ${new Date().toISOString().slice(0, 10)}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    ...[...versions].map(([words, ids]) => `${ids.join(", ")}: ${words}`),
    "Every subject in a process of its own, on one thread; medians of samples taken in turns.",
  ];
  if (quick) lines.push("A quick run: fewer cases and samples.");
  const [load = 0] = loadavg();
  if (cpuTime) lines.push("Times are processor time of the working thread, not those on the wall.");
  // The subjects themselves keep one core busy.
  if (load > cores.length / 2) {
    lines.push(`WARNING: the machine is busy (load ${load.toFixed(1)}): only the ratios mean much`);
  }
  return lines;
}

function commit() {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const changed = git("status", "--porcelain", "--", ":!bench/results") === "" ? "" : ", changed";
    return `commit ${git("rev-parse", "--short", "HEAD")}${changed}`;
  } catch {
    return "no commit";
  }
}
