// The examples with few labels as people run them, in their quick form: they run, say what they
// measured, and refuse flags they do not know.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Result {
  labels: number;
  setting: string;
  mean: number;
  spread: number;
  gain: { mean: number; spread: number };
  accuracies: number[];
}

async function example(name: string, ...flags: string[]): Promise<readonly Result[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`examples/${name}/train.mjs`, "--json", ...flags],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  return (JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { results: Result[] }).results;
}

describe.each(["transfer", "pretraining", "heads"])("the example %s", (name) => {
  it("compares its settings with a start from scratch", { timeout: 600_000 }, async () => {
    const results = await example(name, "--quick");
    expect(results.length).toBeGreaterThanOrEqual(2);
    const [first] = results;
    expect(first?.setting).toMatch(/from scratch/);
    expect(first?.gain.mean).toBe(0);
    for (const { mean, spread, accuracies } of results) {
      expect(accuracies.length).toBe(2);
      expect(mean).toBeGreaterThan(name === "transfer" ? 50 : 40);
      expect(mean).toBeLessThanOrEqual(100);
      expect(spread).toBeGreaterThanOrEqual(0);
    }
  });
  it("refuses what it does not know", async () => {
    await expect(example(name, "--seed", "1")).rejects.toThrow(/seed/);
    await expect(example(name, "--seeds", "none")).rejects.toThrow(/seeds/);
  });
});

it("heads: replaced heads beat a start from scratch even in the quick form", {
  timeout: 600_000,
}, async () => {
  const results = await example("heads", "--quick");
  const replaced = results.find(({ setting }) => setting === "heads replaced");
  expect(replaced?.gain.mean).toBeGreaterThan(0);
});
