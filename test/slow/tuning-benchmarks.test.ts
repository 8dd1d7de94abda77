// The benchmarks of the finder and of the optimizers as people run them, in their quick forms.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const patience = 300_000;

async function bench(script: string, ...flags: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "gradus-bench-"));
  try {
    const file = join(folder, "results.json");
    const args = [join("bench", script), "--quick", "--json", file, ...flags];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    return { text: stdout, results: JSON.parse(readFileSync(file, "utf8")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it(
  "compare-optimizers tells rates, epochs and grades",
  async () => {
    const { text, results } = await bench("compare-optimizers/run.mjs", "--only", "sgd,adam");
    expect(text).toMatch(/^# Optimizers compared/);
    expect(text.match(/^\| (sgd|adam) \|/gm)?.length).toBe(4);
    expect(results.settings.rule.speed).toContain("A: at most twice");
    for (const set of results.sets) {
      expect(set.optimizers.map(({ name }: { name: string }) => name)).toEqual(["sgd", "adam"]);
      for (const { learningRate, error, speed, quality, curve, tuning } of set.optimizers) {
        expect(learningRate).toBeGreaterThan(0);
        expect(error).toBeGreaterThan(0);
        expect(speed + quality).toMatch(/^[ABC]{2}$/);
        expect(curve.length).toBe(1 + set.epochs * set.checks);
        expect(tuning.tried.length).toBe(5);
      }
    }
  },
  patience,
);

it(
  "the finder's benchmark tells suggested rates beside a grid",
  async () => {
    const { text, results } = await bench("learning-rate-finder.mjs");
    expect(text).toMatch(/^# The learning-rate finder on MNIST/);
    for (const { runs, suggested, best, grid } of results.results) {
      expect(runs[0].suggestion).toBeGreaterThan(0);
      expect(suggested).toBeGreaterThan(0.85);
      expect(grid).toContain(best);
    }
  },
  patience,
);
