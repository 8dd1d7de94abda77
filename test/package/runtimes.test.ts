// The packed package in each JavaScript runtime outside of browsers.
import { afterAll, beforeAll, describe, expect, inject, it, vi } from "vitest";
import { consumer, removeConsumers, results } from "./support/consumer.js";
import { type Expected, expectResults } from "./support/expected.js";
import { record } from "./support/record.js";
import { nodes, others, present, type Runtime, versionOf, workerd } from "./support/runtimes.js";
import { bundleWorker, type EdgeForm, serveWorker } from "./support/workerd.js";

const sha256 = inject("sha256");
const tarball = inject("tarball");

/** How the package is taken, the program that does it, its arguments, and what must come out. */
type Case = readonly [how: string, program: string, args: readonly string[], expected: Expected];

/** What `fit` in a worker says where there are none. */
const noWorker = /expected a platform with workers.*Leave worker: true out/;

const everywhere = (chosen: Runtime["chosen"]): readonly Case[] => [
  ["import, the build it chooses", "consumer.mjs", [], { simd: chosen }],
  ["import, the strict build", "consumer.mjs", ['{"simd":"strict"}'], { simd: "strict" }],
  ["gradus/inline", "consumer-inline.mjs", [], { simd: "strict" }],
  ["import() from CommonJS", "consumer.cjs", [], { simd: chosen }],
];

const fromRequire = (chosen: Runtime["chosen"]): readonly Case[] => [
  ["require() from CommonJS", "consumer-require.cjs", [], { simd: chosen }],
];

const rows = [
  ...nodes.map((row) => ({
    ...row,
    cases: [...everywhere(row.chosen), ...fromRequire(row.chosen)],
  })),
  ...others.map((row) => ({ ...row, cases: everywhere(row.chosen) })),
];

describe.each(rows)("$name", ({ name, command, before, cases }) => {
  const here = present(name, command);
  let folder = "";
  beforeAll(async () => {
    if (here) folder = await consumer(tarball);
  });
  afterAll(removeConsumers);

  it.runIf(here).each(cases)("trains and predicts: %s", async (how, program, args, expected) => {
    const found = await results(command, [...before, program, ...args], folder);
    expectResults(found, sha256, expected);
    record(name.replace(/ \d+$/, ""), await versionOf(command), how, found.runtime.build);
  });
});

describe("workerd", () => {
  const here = present("workerd", workerd);
  const forms: readonly EdgeForm[] = ["workerd", "edge-light"];

  it.runIf(here).each(forms)("trains and predicts: condition %s", async (condition) => {
    const folder = await consumer(tarball);
    await bundleWorker(folder, condition);
    const found = await serveWorker(folder);
    expectResults(found, sha256, { simd: "strict", worker: noWorker });
    record("workerd", await versionOf(workerd), `condition ${condition}`, found.runtime.build);
  });
});

describe("a runtime that is missing", () => {
  it("is left out loudly, and never in continuous integration", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.stubEnv("CI", "");
    expect(present("Elsewhere", "/nowhere/bin")).toBe(false);
    expect(warn.mock.lastCall?.[0]).toMatch(/Elsewhere is not installed here.*LEFT OUT/);
    vi.stubEnv("CI", "true");
    expect(() => present("Elsewhere", "/nowhere/bin")).toThrow(/Elsewhere is missing/);
    vi.unstubAllEnvs();
    warn.mockRestore();
  });
});
