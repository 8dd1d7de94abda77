// Starts other programs. Progress of everything goes to stderr, so that a
// command that prints JSON on stdout can build first and stay readable.
import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";

/** A failure whose message is meant for the person at the terminal: no stack is shown. */
export class Failure extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * @typedef {object} RunOptions
 * @property {Record<string, string | undefined>} [env] added to this process's environment
 * @property {string} [cwd]
 */

/**
 * Runs a program and collects what it writes.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions & { echo?: boolean }} [options] echo: also pass the output on to stderr
 * @returns {Promise<{ code: number, stdout: string, output: string }>} output: stdout and stderr as they came
 */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      stdout += text;
      output += text;
      if (options.echo) process.stderr.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
      output += text;
      if (options.echo) process.stderr.write(text);
    });
    child.on("error", (error) => {
      reject(new Failure(`cannot start ${command}: ${error.message}`));
    });
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, output }));
  });
}

/**
 * Runs a program quietly; on failure, throws with everything it said.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<string>} stdout
 */
export async function run(command, args, options = {}) {
  const { code, stdout, output } = await capture(command, args, options);
  if (code !== 0) {
    throw new Failure(`${command} ${args.join(" ")}\nfailed with exit code ${code}:\n${output}`);
  }
  return stdout;
}

/**
 * What a short question to a program gives, or undefined where it fails or is missing.
 * @param {string} command
 * @param {string[]} args
 */
export function ask(command, args) {
  const answer = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return answer.status === 0 ? answer.stdout.trim() : undefined;
}

/**
 * The frame of every script: turns a Failure into its message and exit code 1.
 * @param {() => Promise<void>} body
 */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
