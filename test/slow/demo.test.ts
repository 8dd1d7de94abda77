// The demo as people run it: it learns MNIST as well as the same network does in Keras, and the
// same seed gives the same weights.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Report {
  testAccuracy: number;
  testLoss: number;
  epochs: number;
  secondsPerEpoch: number;
  samplesPerSecond: number;
  seed: number;
  weightsSha256: string;
}

async function demo(...flags: string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["examples/mnist/train.mjs", "--json", ...flags],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Report;
}

/**
 * The same network and data elsewhere, accuracy on the test images seed by seed: `mnist` is Keras
 * (whose 1cycle moves the learning rate alone), `mnistDemo` PyTorch with all of the demo's settings.
 */
function accuraciesElsewhere(family: "mnist" | "mnistDemo"): number[] {
  const file = new URL("../fixtures/goldens/learning.json", import.meta.url);
  const learning = JSON.parse(readFileSync(file, "utf8")) as Record<
    typeof family,
    { runs: { testAccuracy: number[] }[] }
  >;
  return learning[family].runs.map((run) => run.testAccuracy.at(-1) ?? 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe("the MNIST demo", () => {
  it("reaches the accuracy of Keras and PyTorch with three seeds", {
    timeout: 600_000,
  }, async () => {
    const accuracies: number[] = [];
    for (const seed of [1, 2, 3]) {
      const report = await demo("--seed", String(seed));
      expect(report).toMatchObject({ seed, epochs: 5 });
      expect(report.testLoss).toBeLessThan(0.08);
      expect(report.samplesPerSecond).toBeGreaterThan(0);
      expect(report.secondsPerEpoch).toBeGreaterThan(0);
      accuracies.push(report.testAccuracy);
    }
    expect(median(accuracies)).toBeGreaterThanOrEqual(0.983);
    // Three runs of 10,000 images each scatter by about a tenth of a percent.
    for (const family of ["mnist", "mnistDemo"] as const) {
      const band = Math.abs(median(accuracies) - median(accuraciesElsewhere(family)));
      expect(band, family).toBeLessThan(0.003);
    }
  });

  it("gives the same weights again, validated or not", { timeout: 300_000 }, async () => {
    const runs = [];
    for (const flags of [[], [], ["--validation"]]) {
      runs.push(await demo("--epochs", "1", "--seed", "5", ...flags));
    }
    const hashes = runs.map((run) => run.weightsSha256);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(1);
    const other = await demo("--epochs", "1", "--seed", "6");
    expect(other.weightsSha256).not.toBe(hashes[0]);
  });

  it("refuses what it does not know", async () => {
    await expect(demo("--epoch", "1")).rejects.toThrow(/epoch/);
    await expect(demo("--epochs", "half")).rejects.toThrow(/epochs/);
  });
});
