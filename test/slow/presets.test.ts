// The example of presets as people run it, in its quick form: both presets beat the naive net, and
// say what they chose.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("presets learn where a naive net does not", { timeout: 600_000 }, async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["examples/presets/train.mjs", "--json", "--quick"],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  const { results } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
    results: { setting: string; mean: number; accuracies: number[] }[];
  };
  expect(results.map(({ setting }) => setting)).toEqual([
    "naive",
    "defaultDnn",
    "defaultDnn, oneCycle",
    "selfNormalizingDnn",
  ]);
  const [naive, ...presets] = results;
  // Eight layers of sigmoid units give no gradient to the first.
  expect(naive?.mean).toBeLessThan(30);
  for (const { setting, mean, accuracies } of presets) {
    expect(accuracies).toHaveLength(2);
    expect(mean, setting).toBeGreaterThan(80);
  }
  for (const chosen of [
    "defaultDnn: 784",
    "activation: swish",
    "activation: selu",
    "oneCycle up to",
  ]) {
    expect(stderr).toContain(chosen);
  }
});
