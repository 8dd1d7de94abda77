// The benchmark's own logic: ONNX models against a reader of their bytes, checks that can fail, lines
// through growing times, two runs side by side, targets, reports.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = new URL("../../bench/", import.meta.url);
const load = (file: string) => import(new URL(file, folder).href);
const { onnxModel } = await load("onnx.mjs");
const { judge } = await load("targets.mjs");
const { fitLine } = await load("fit-lines.mjs");
const { checkComparable, compare, readResults, renderComparison } = await load("compare.mjs");
const { activations, slope, updates } = await load("formulas.mjs");
const { allSuites } = await load("suites.mjs");

type Field = { field: number; value: number | Uint8Array };

/** Fields of a protobuf message. */
function read(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const count = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = count();
    const first = count();
    if (key % 8 === 2) {
      fields.push({ field: key >> 3, value: bytes.subarray(at, at + first) });
      at += first;
    } else {
      expect(key % 8).toBe(0);
      fields.push({ field: key >> 3, value: first });
    }
  }
  expect(at).toBe(bytes.length);
  return fields;
}
const all = (bytes: Uint8Array, field: number) =>
  read(bytes).flatMap((one) => (one.field === field ? [one.value] : []));
const message = (bytes: Uint8Array, field: number) => all(bytes, field)[0] as Uint8Array;
const text = (bytes: Uint8Array, field: number) =>
  all(bytes, field).map((value) => new TextDecoder().decode(value as Uint8Array));

it("writes the messages of ONNX", () => {
  const model = onnxModel({
    inputs: { x: [300, 2] },
    outputs: { y: [300, 1] },
    weights: { w: { dims: [1, 2], values: Float32Array.of(1.5, -2) } },
    nodes: [{ op: "Gemm", inputs: ["x", "w"], output: "y", attributes: { transB: 1 } }],
  });
  expect(all(message(model, 8), 2)).toEqual([13]);
  const graph = message(model, 7);
  const node = message(graph, 1);
  expect([text(node, 1), text(node, 2), text(node, 4)]).toEqual([["x", "w"], ["y"], ["Gemm"]]);
  expect(text(message(node, 5), 1)).toEqual(["transB"]);
  expect(all(message(node, 5), 3)).toEqual([1]);
  const weight = message(graph, 5);
  expect(all(weight, 1)).toEqual([1, 2]);
  expect(new Float32Array(message(weight, 9).slice().buffer)).toEqual(Float32Array.of(1.5, -2));
  const shape = message(message(message(message(graph, 11), 2), 1), 2);
  expect(all(shape, 1).map((one) => all(one as Uint8Array, 1)[0])).toEqual([300, 2]);
});

describe("suites", () => {
  it("find wrong results", async () => {
    const suites = new Map(
      (await allSuites()).map((suite: { name: string }) => [suite.name, suite]),
    );
    const verify = (name: string, work: object, expected: unknown, check: object) =>
      (suites.get(name) as { verify: (...given: unknown[]) => string | undefined }).verify(
        work,
        expected,
        check,
      );
    const wide = { m: 4, k: 9, n: 4, count: 10, rows: 3, widths: [4, 10] };
    for (const name of ["gemm", "elementwise", "optimizer"]) {
      expect(verify(name, wide, 1, { checksum: 1 })).toBeUndefined();
      expect(verify(name, wide, 1, { checksum: 1.1 })).toMatch("wrong");
      expect(verify(name, wide, 1, { checksum: Number.NaN })).toMatch("wrong");
    }
    expect(verify("train", wide, [2, 1], { losses: [2.0001, 1] })).toBeUndefined();
    expect(verify("train", wide, [2, 1], { losses: [2.1, 1] })).toMatch("step 1");
    expect(verify("train", wide, undefined, { losses: [2.3, 2] })).toBeUndefined();
    expect(verify("train", wide, undefined, { losses: [2.3, 2.3] })).toMatch("losses");
    expect(verify("fit", wide, 2.3, { losses: [2.3, 2] })).toBeUndefined();
    expect(verify("fit", wide, 2.3, { losses: [2.3, Number.NaN] })).toMatch("losses");
    expect(verify("scaling", wide, undefined, { losses: [1, Number.NaN] })).toMatch("losses");
    expect(verify("predict", wide, 1, { checksum: 1, sum: 3 })).toBeUndefined();
    expect(verify("predict", wide, 1, { checksum: 1, sum: 3.1 })).toMatch("add up");
  });

  it("have cases of different names, fewer of them in a quick run", async () => {
    for (const suite of await allSuites()) {
      const [few, many] = [true, false].map((quick) =>
        suite.cases({ quick }).map(({ name }: { name: string }) => name),
      ) as [string[], string[]];
      expect(new Set(many).size).toBe(many.length);
      expect(few.length).toBeLessThanOrEqual(many.length);
      expect(few.filter((name) => !many.includes(name))).toEqual([]);
    }
  });
});

it("measures vanished numbers in turns with usual ones, and all else alone", async () => {
  const { groupsOf } = await load("measure.mjs");
  for (const suite of await allSuites()) {
    const groups: { name: string }[][] = groupsOf(suite.cases({ quick: false }));
    expect(groups.flat()).toEqual(suite.cases({ quick: false }));
    for (const [first, ...others] of groups) {
      for (const { name } of others) expect(name).toMatch(new RegExp(`^${first?.name}, vanished`));
      expect(first?.name).not.toMatch("vanished");
    }
  }
});

it("knows slopes and updates", () => {
  expect(activations.gelu(1)).toBeCloseTo(0.8413447460685429, 12);
  expect(slope("gelu", 1)).toBeCloseTo(1.0833154705876864, 8);
  expect(slope("elu", -1)).toBeCloseTo(Math.exp(-1), 8);
  // The first step of Adam is the rate, whatever the gradient.
  const kept = { w: 1, m: 0, v: 0, d: 0 };
  expect(updates.adam(kept, 123, 1, 0.01)).toBeCloseTo(0.99, 8);
});

describe("lines", () => {
  const points = (time: (flops: number) => number) =>
    [1, 2, 4, 8, 16, 32].map((size) => ({ size, flops: size * 1e6, time: time(size * 1e6) }));

  it("are found through exact points", () => {
    const { fixed, perFlop, cliffs, slope: steepness } = fitLine(points((f) => 3 + 2e-6 * f));
    expect(fixed).toBeCloseTo(3, 8);
    expect(perFlop).toBeCloseTo(2e-6, 12);
    expect(cliffs).toEqual([]);
    expect(steepness).toBeGreaterThan(0.85);
    expect(steepness).toBeLessThan(1);
  });

  it("never start below nothing", () => {
    const { fixed, perFlop } = fitLine(points((f) => 1e-9 * f ** 1.5));
    expect(fixed).toBe(0);
    expect(perFlop).toBeGreaterThan(0);
  });

  it("show cliffs", () => {
    const some = points((f) => 1 + 1e-6 * f);
    const [cliff] = some.slice(3);
    if (cliff) cliff.time *= 2.5;
    expect(fitLine(some).cliffs).toEqual([cliff]);
  });
});

/** Samples around a value, the same every time. */
function result(subject: string, name: string, value: number, spread = 0.02) {
  const samples = Array.from(
    { length: 21 },
    (_, i) => value * (1 + spread * Math.sin(i * i + value)),
  );
  const [library = "", build = ""] = subject.split("-");
  const about = { suite: "train", case: name, subject: library, build, threads: 1, unit: "ms" };
  return { ...about, median: value, samples };
}
const names = ["a", "b", "c", "d"];

describe("two runs", () => {
  const before = names.flatMap((name, i) => [
    result("gradus-relaxed", name, 1 + i),
    result("tfjs-wasm", name, 10 + i),
  ]);
  const verdicts = (after: typeof before) =>
    compare(before, after).changes.map(({ verdict }: { verdict: string }) => verdict);

  it("that differ by noise alone are told to be alike", () => {
    const after = before.map((one) => ({ ...one, samples: one.samples.map((s) => s * 1.01) }));
    expect(verdicts(after)).toEqual(["unchanged", "unchanged", "unchanged", "unchanged"]);
  });

  it("show what became slower, and faster", () => {
    const after = names.flatMap((name, i) => [
      result("gradus-relaxed", name, (1 + i) * (name === "b" ? 1.3 : name === "c" ? 0.7 : 1)),
      result("tfjs-wasm", name, 10 + i),
    ]);
    expect(verdicts(after)).toEqual(["unchanged", "slower", "faster", "unchanged"]);
    const page = renderComparison(compare(before, after));
    expect(page).toMatch(/1 slower, 1 faster, 2 unchanged, 0 new, 0 gone/);
    expect(page).toMatch(/train b: gradus-relaxed 1\.3\d* x slower/);
  });

  it("take off what the machine did to all", () => {
    const slower = before.map(({ suite: _, ...one }) => ({
      ...one,
      suite: "train",
      median: one.median * 1.5,
      samples: one.samples.map((s) => s * 1.5),
    }));
    expect(verdicts(slower)).toEqual(["unchanged", "unchanged", "unchanged", "unchanged"]);
  });

  it("take memory that grows from nothing for slower", () => {
    const growth = (value: number) => [
      { ...result("gradus-relaxed", "grown", value), samples: [value, value, value] },
    ];
    const found = (a: number, b: number) => compare(growth(a), growth(b)).changes[0].verdict;
    expect([found(0, 1e6), found(0, 0), found(1e6, 0)]).toEqual(["slower", "unchanged", "faster"]);
  });

  it("need suites in common", () => {
    expect(() => checkComparable("old.json", before, ["gemm"])).toThrow(
      "old.json: only results of train",
    );
    expect(() => checkComparable("old.json", before, ["gemm", "train"])).not.toThrow();
  });

  it("do not take the scatter of a noisy machine for a change", () => {
    const noisy = (sign: number) =>
      names.flatMap((name, i) => [
        result("gradus-relaxed", name, (1 + i) * (1 + 0.08 * sign)),
        result("tfjs-wasm", name, (10 + i) * (1 + (i % 2 === 0 ? 0.08 : -0.08) * sign)),
        result("pytorch", name, (20 + i) * (1 + (i % 2 === 0 ? -0.08 : 0.08) * sign)),
      ]);
    const found = compare(noisy(0), noisy(1)).changes;
    expect(found.map(({ verdict }: { verdict: string }) => verdict)).toEqual(
      names.map(() => "unchanged"),
    );
  });

  it("read only what is a benchmark's", () => {
    const place = mkdtempSync(join(tmpdir(), "gradus-results-"));
    const file = (value: string) => {
      writeFileSync(join(place, "file"), value);
      return join(place, "file");
    };
    expect(readResults(file(JSON.stringify(before)))).toHaveLength(before.length);
    for (const bad of ["", "{}", "[]", '[{"suite":"train"}]']) {
      expect(() => readResults(file(bad))).toThrow("file");
    }
    expect(() => readResults(join(place, "none"))).toThrow("none");
    rmSync(place, { recursive: true });
  });
});

describe("targets", () => {
  const fit = (subject: string, median: number) => ({
    ...{ suite: "fit", case: "batch 32", subject, build: "relaxed", threads: 1 },
    ...{ median, unit: "rows/s", samples: [median] },
  });

  it("are judged in the direction of the unit", () => {
    expect(judge([fit("gradus", 95), fit("engine", 100)])).toMatchObject([{ met: true }]);
    expect(judge([fit("gradus", 80), fit("engine", 100)])).toMatchObject([
      { met: false, text: expect.stringContaining("80 %") },
    ]);
  });

  it("of two threads need both", () => {
    const threads = (count: number, median: number) => ({
      ...{ suite: "threads", case: "512x512x512", subject: `${count} threads`, build: "relaxed" },
      ...{ threads: count, median, unit: "us", samples: [median] },
    });
    expect(judge([threads(2, 50)])).toEqual([]);
    expect(judge([threads(1, 100), threads(2, 50)])).toMatchObject([{ met: true }]);
    expect(judge([threads(1, 100), threads(2, 60)])).toMatchObject([{ met: false }]);
  });
});

it("writes the arena of a training step within 1.3 times what must live at once", async () => {
  const { initSync, Engine } = await import("../../build/wasm/strict/gradus_wasm.js" as string);
  initSync({
    module: readFileSync(new URL("../../build/wasm/strict/gradus_wasm_bg.wasm", import.meta.url)),
  });
  const { GraphWriter } = await load("wire.mjs");
  const engine = new Engine();
  const variable = (dims: number[]) => engine.createVariable(Uint32Array.from(dims));
  const [widths, batch] = [[784, 300, 100, 10], 128];
  const graph = new GraphWriter();
  const x = graph.input("x", "float32", [{ batch: 1 }, 784]);
  const y = graph.input("y", "int32", [{ batch: 1 }]);
  const trainables: { id: number; slots: number[] }[] = [];
  const weight = (dims: number[]) => {
    const id = variable(dims);
    trainables.push({ id, slots: [variable(dims), variable(dims)] });
    return graph.variable(id);
  };
  let value = x;
  for (const [layer, units] of widths.slice(1).entries()) {
    const product = graph.matMul(value, weight([widths[layer] as number, units]));
    const sum = graph.binary("add", product, weight([units]));
    value = layer < 2 ? graph.unary("relu", sum) : sum;
  }
  const loss = graph.mean(graph.sparseCrossEntropy(value, y));
  const learningRate = graph.input("learningRate", "float32", []);
  graph.output("loss", loss);
  graph.train({
    loss,
    learningRate,
    rule: "adam",
    hyperparameters: [0.9, 0.999, 1e-7],
    trainables,
  });
  const program = engine.compile(graph.finish(), batch);
  // The data, the gradient of the first layer's sums, and that of its kernel, in floats.
  const atOnce = batch * 784 + batch * 300 + 784 * 300;
  expect(engine.arenaBytes(program) / 4).toBeLessThan(1.3 * atOnce);
  expect(engine.arenaBytes(program) / 4).toBeGreaterThan(atOnce);
});
