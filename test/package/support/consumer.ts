// Folders as a user has them: a package.json, the packed gradus installed, and a program.
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePackageTestModules } from "../../../scripts/toolchain/node-modules.mjs";
import { capture, run } from "../../../scripts/toolchain/run.mjs";

export const here = fileURLToPath(new URL("..", import.meta.url));

/** A path in the dependencies of these tests. */
export const dependency = (...path: string[]): string => join(here, "node_modules", ...path);

/** What `runCases` of cases.mjs gives. */
export interface Results {
  readonly weightsAfter200Steps: { iterations: number; learns: boolean; sha256: string };
  readonly learnsRings: { accuracy: number; shape: number[] };
  readonly trainsInWorker: string;
  readonly explainsMistakes: string;
  readonly runtime: { build: string; simd: string; threads: number; why: string };
}

/** Brings what these tests need, then packs the package; the tarball's path. */
export async function pack(): Promise<string> {
  await ensurePackageTestModules();
  const folder = mkdtempSync(join(tmpdir(), "gradus-pack-"));
  const out = await run("npm", [
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    folder,
  ]);
  const [{ filename }] = JSON.parse(out.slice(out.indexOf("["))) as [{ filename: string }];
  return join(folder, filename);
}

/** A fresh folder with the tarball installed and these files of this one beside it. */
export async function consumer(tarball: string, files: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "gradus-consumer-"));
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true }\n');
  await run("npm", ["install", "--no-audit", "--no-fund", tarball], { cwd: folder });
  for (const file of ["cases.mjs", ...files]) copyFileSync(join(here, file), join(folder, file));
  mkdirSync(join(folder, "dist"));
  return folder;
}

/** Runs a program in a folder; what it prints as JSON in its last line. */
export async function results(command: string, args: string[], cwd: string): Promise<Results> {
  const { code, stdout, output } = await capture(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code}\n${output}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Results;
}
