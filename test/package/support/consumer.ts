// Folders as a user has them: a package.json, the packed gradus installed, and a program.
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePackageTestModules } from "../../../scripts/toolchain/node-modules.mjs";
import { capture, run } from "../../../scripts/toolchain/run.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));

/** A path in the dependencies of these tests. */
export const dependency = (...path: string[]): string => join(here, "node_modules", ...path);

/** What `runCases` of cases.mjs gives. */
export interface Results {
  readonly weightsAfter200Steps: { iterations: number; learns: boolean; sha256: string };
  readonly learnsRings: { accuracy: number; shape: number[]; right: number };
  readonly trainsInWorker: string;
  readonly explainsMistakes: string;
  readonly runtime: { build: string; simd: string; threads: number; why: string };
  /** Whether it is a page isolated from other origins. */
  readonly isolated: boolean;
  /** What went wrong, and then nothing else. */
  readonly error?: string;
}

/** Brings what these tests need, then packs the package; the tarball's path. */
export async function pack(): Promise<string> {
  await ensurePackageTestModules();
  const folder = mkdtempSync(join(tmpdir(), "gradus-pack-"));
  // Not all that prepack does, which builds anew: release.test.ts shows that it gives the same.
  await run("node", ["scripts/prepack.mjs", "--as-built"]);
  const options = ["--json", "--ignore-scripts", "--pack-destination", folder];
  const out = await run("npm", ["pack", ...options]);
  const [{ filename }] = JSON.parse(out.slice(out.indexOf("["))) as [{ filename: string }];
  return join(folder, filename);
}

const consumers: string[] = [];

/** A fresh folder with only the tarball installed, and the programs beside it. */
export async function consumer(tarball: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "gradus-consumer-"));
  consumers.push(folder);
  const manifest = { name: "consumer", private: true, type: "module" };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const options = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await run("npm", ["install", ...options, tarball], { cwd: folder });
  const programs = join(here, "programs");
  for (const file of readdirSync(programs)) copyFileSync(join(programs, file), join(folder, file));
  mkdirSync(join(folder, "dist"));
  return folder;
}

/** Removes the folders that this process made. */
export function removeConsumers(): void {
  for (const folder of consumers.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Runs a program in a folder; what it prints as JSON in its last line. */
export async function results(command: string, args: string[], cwd: string): Promise<Results> {
  const { code, stdout, output } = await capture(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${output}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Results;
}
