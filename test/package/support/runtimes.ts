// The JavaScript runtimes outside of browsers, and what to do where one is missing.
import { existsSync } from "node:fs";
import { capture } from "../../../scripts/toolchain/run.mjs";
import { dependency } from "./consumer.js";

/** A runtime that can be started from the command line. */
export interface Runtime {
  readonly name: string;
  readonly command: string;
  /** Arguments before the program. */
  readonly before: readonly string[];
  /** The build that `init()` chooses. */
  readonly chosen: "relaxed" | "strict";
}

function node(major: number, chosen: Runtime["chosen"]): Runtime {
  const command = dependency(`node-${major}`, "bin", "node");
  return { name: `Node ${major}`, command, before: [], chosen };
}

export const nodes: readonly Runtime[] = [
  node(20, "strict"),
  node(22, "relaxed"),
  node(24, "relaxed"),
  node(26, "relaxed"),
];

/** The first path that exists; else the first. */
function firstOf(...paths: [string, ...string[]]): string {
  return paths.find((path) => existsSync(path)) ?? paths[0];
}

export const others: readonly Runtime[] = [
  {
    name: "Deno",
    // By their own paths: the ones in .bin are put right only by install scripts.
    command: dependency("@deno", "linux-x64-glibc", "deno"),
    before: ["run", "--allow-read", "--node-modules-dir=manual"],
    chosen: "relaxed",
  },
  {
    name: "Bun",
    command: firstOf(
      dependency("@oven", "bun-linux-x64", "bin", "bun"),
      // Its install script, where it ran, moved the program there.
      dependency("bun", "bin", "bun.exe"),
    ),
    before: ["run"],
    chosen: "relaxed",
  },
];

/** The program itself: the one in .bin would leave it running. */
export const workerd = dependency("@cloudflare", "workerd-linux-64", "bin", "workerd");

/**
 * Whether a runtime is there. Where it is not, its tests are left out loudly; never in continuous
 * integration.
 */
export function present(name: string, path: string): boolean {
  if (existsSync(path)) return true;
  if (process.env.CI) throw new Error(`${name} is missing: there is no ${path || "path to it"}`);
  console.warn(`${name} is not installed here: its tests are LEFT OUT`);
  return false;
}

/** What it says its version is: `24.21.0`. */
export async function versionOf(command: string): Promise<string> {
  const { output } = await capture(command, ["--version"]);
  return /\d+(\.\d+)+|\d{4}-\d\d-\d\d/.exec(output)?.[0] ?? output.trim();
}
