// The example of Monte-Carlo dropout as people run it, in its quick form: uncertainty parts digits
// from noise, and refusing what is unsure raises accuracy.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Result {
  accuracy: { plain: number; refused0: number };
  kept: { refused10: number; refused20: number };
  entropy: number;
  kinds: { kind: string; isNoise: boolean; entropy: number; aurocEntropy: number }[];
}

async function example(...flags: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["examples/uncertainty/train.mjs", ...flags],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  return stdout;
}

describe("the example uncertainty", () => {
  it("tells digits from noise", { timeout: 600_000 }, async () => {
    const stdout = await example("--quick", "--json");
    const { results } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { results: Result[] };
    expect(results.length).toBe(2);
    for (const { accuracy, kept, entropy, kinds } of results) {
      expect(accuracy.refused0).toBeGreaterThan(0.85);
      expect(kept.refused10).toBeGreaterThan(accuracy.refused0);
      expect(kept.refused20).toBeGreaterThan(kept.refused10);
      const noise = kinds.filter(({ isNoise }) => isNoise);
      expect(noise.length).toBe(3);
      for (const { kind, aurocEntropy, entropy: own } of noise) {
        expect(aurocEntropy, kind).toBeGreaterThanOrEqual(0.9);
        expect(own, kind).toBeGreaterThan(entropy);
      }
    }
  });
  it("refuses flags it does not know", async () => {
    await expect(example("--passes", "3")).rejects.toThrow(/passes/);
  });
});

type Numbers = ArrayLike<number>;

/** examples/uncertainty/figures.mjs, which has no types for here. */
interface Figures {
  auroc(known: Numbers, strange: Numbers): number;
  keptAccuracy(
    probabilities: Numbers,
    labels: Numbers,
    uncertainty: Numbers,
    share: number,
  ): number;
  calibrationError(probabilities: Numbers, labels: Numbers): number;
  histogram(values: Numbers, most: number, blocks: boolean): string;
}

describe("its figures", () => {
  it("are those of small cases", async () => {
    const file = new URL("../../examples/uncertainty/figures.mjs", import.meta.url).href;
    const { auroc, calibrationError, histogram, keptAccuracy }: Figures = await import(file);
    expect(auroc([1, 2, 3], [4, 5])).toBe(1);
    expect(auroc([4, 5], [1, 2, 3])).toBe(0);
    expect(auroc([1, 1], [1, 1, 1])).toBe(0.5);
    // Of the four pairs one is in order, one equal.
    expect(auroc([2, 3], [1, 3])).toBe((1 + 0.5) / 4);
    // Right, wrong, right; the second is the least certain.
    const probabilities = [0.9, 0.1, 0.6, 0.4, 0.2, 0.8];
    expect(keptAccuracy(probabilities, [0, 1, 1], [0, 3, 1], 0)).toBeCloseTo(2 / 3);
    expect(keptAccuracy(probabilities, [0, 1, 1], [0, 3, 1], 1 / 3)).toBe(1);
    // Each in a bin of its own: |0.9 - 1| + |0.6 - 0| + |0.8 - 1|, over three.
    expect(calibrationError(probabilities, [0, 1, 1])).toBeCloseTo(0.3);
    expect(histogram([0, 0, 1], 1, false)).toBe(`%${" ".repeat(38)}=`);
  });
});
