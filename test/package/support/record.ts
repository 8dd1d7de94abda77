// Notes which runtime ran what, so that the table of docs/runtimes.md can be printed from a run.
import { appendFileSync } from "node:fs";
import { inTools } from "../../../scripts/toolchain/paths.mjs";

const path = inTools("runtimes.jsonl");

/** Notes one case that went well; a later run of the same one takes its place. */
export function record(runtime: string, version: string, how: string, build: string): void {
  appendFileSync(path, `${JSON.stringify({ runtime, version, how, build })}\n`);
}
