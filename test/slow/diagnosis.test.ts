// The gallery of sick nets: each sickness is named, and each cure leaves a healthy net that has
// learned more.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Trial {
  title: string;
  accuracy: number;
  findings: string[];
}

interface Case {
  sicknesses: string[];
  sick: Trial;
  cures: Trial[];
}

it("the gallery names every sickness, and cures it", { timeout: 600_000 }, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["examples/diagnosis/run.mjs", "--json"],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  const cases = JSON.parse(stdout) as Case[];
  expect(cases).toHaveLength(9);
  for (const { sicknesses, sick, cures } of cases) {
    for (const sickness of sicknesses) expect(sick.findings, sick.title).toContain(sickness);
    expect(sick.accuracy, sick.title).toBeLessThan(0.4);
    expect(cures.length).toBeGreaterThan(0);
    for (const cure of cures) {
      expect(cure.findings, cure.title).toEqual([]);
      expect(cure.accuracy, cure.title).toBeGreaterThan(Math.max(0.6, sick.accuracy + 0.3));
    }
  }
});
