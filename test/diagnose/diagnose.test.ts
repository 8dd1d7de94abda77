// The callback: its options, when it reports, what it prints.
import { describe, expect, it } from "vitest";
import {
  type DiagnoseOptions,
  type DiagnosisReport,
  dense,
  diagnose,
  GradusError,
  type Model,
  sequential,
  sgd,
} from "../../ts/index.js";

const x = Float32Array.from({ length: 200 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: 100 }, (_, i) => Math.cos(0.9 * i));

function net(learningRate = 0.1): Model {
  const layers = [dense({ units: 8, activation: "relu" }), dense({ units: 1 })];
  const model = sequential({ inputShape: [2], seed: 4, layers });
  model.compile({ optimizer: sgd({ learningRate }), loss: "mse" });
  return model;
}

/** A stream that remembers. */
function memory() {
  const texts: string[] = [];
  return { texts, write: (text: string) => void texts.push(text) };
}

describe("diagnose", () => {
  it.each<[string, object, RegExp]>([
    ["a misspelt option", { evry: 5 }, /every/],
    ["no steps", { every: 0 }, /every/],
    ["half a step", { every: 1.5 }, /every/],
    ["another time to print", { print: "always" }, /print/],
    ["something that cannot be written to", { stream: {} }, /stream/],
    ["something that cannot be called", { onReport: "log" }, /onReport/],
    ["an unknown limit", { thresholds: { deadd: 0.5 } }, /dead/],
    ["limits that are none", { thresholds: 3 }, /thresholds/],
    ...[
      "vanishing",
      "exploding",
      "gradientNorm",
      "deviation",
      "saturated",
      "dead",
      "highUpdate",
      "lowUpdate",
      "risingLoss",
      "largeInput",
      "smallInput",
    ].map((name): [string, object, RegExp] => [
      `a limit of 0 for ${name}`,
      { thresholds: { [name]: 0 } },
      new RegExp(name),
    ]),
    ["a share above 1 of dead units", { thresholds: { dead: 1.1 } }, /dead/],
    ["a share above 1 of saturated outputs", { thresholds: { saturated: 2 } }, /saturated/],
    ["a limit of NaN", { thresholds: { exploding: Number.NaN } }, /exploding/],
  ])("refuses %s", (_, options, message) => {
    expect(() => diagnose(options as DiagnoseOptions)).toThrow(GradusError);
    expect(() => diagnose(options as DiagnoseOptions)).toThrow(message);
  });

  it("reports after each epoch and measures every so many steps over all epochs", async () => {
    const reports: DiagnosisReport[] = [];
    const doctor = diagnose({ every: 10, print: "never", onReport: (each) => reports.push(each) });
    expect(doctor.report).toBeNull();
    expect(doctor.toString()).toContain("no epoch");
    await net().fit(x, y, { epochs: 4, batchSize: 25, callbacks: [doctor] });
    expect(reports.map(({ epoch, measured, step }) => [epoch, measured, step])).toEqual([
      [0, 1, 0],
      // No step of this epoch was due: the last one counts.
      [1, 0, 0],
      [2, 1, 10],
      [3, 0, 10],
    ]);
    expect(doctor.report).toBe(reports[3]);
    expect(doctor.report?.history.map(({ step }) => step)).toEqual([0, 10]);
    expect(reports[0]?.history.map(({ step }) => step)).toEqual([0]);
  });

  it("begins anew with each fit, and goes on counting the optimizer's steps", async () => {
    const doctor = diagnose({ every: 3, print: "never" });
    const model = net();
    await model.fit(x, y, { batchSize: 25, callbacks: [doctor] });
    await model.fit(x, y, { batchSize: 25, callbacks: [doctor] });
    expect(doctor.report?.history.map(({ step }) => step)).toEqual([4, 7]);
  });

  it("goes together with another of its kind, and with evaluate", async () => {
    const [often, seldom] = [1, 3].map((every) => diagnose({ every, print: "never" }));
    const model = net();
    await model.fit(x, y, { batchSize: 25, callbacks: [often, seldom] as never });
    expect(often?.report?.measured).toBe(4);
    expect(seldom?.report?.measured).toBe(2);
    await model.evaluate(x, y, { callbacks: [often] as never });
    expect(often?.report?.measured).toBe(4);
  });

  it("keeps a thinned history of very many steps", async () => {
    const doctor = diagnose({ every: 1, print: "never" });
    await net(1e-3).fit(x, y, { epochs: 30, batchSize: 2, callbacks: [doctor] });
    const steps = doctor.report?.history.map(({ step }) => step) ?? [];
    expect(steps).toEqual(Array.from({ length: 750 }, (_, i) => 2 * i));
  });

  it("leaves nothing behind when a callback ends a fit with an error", async () => {
    const model = net();
    const doctor = diagnose({ print: "never" });
    const broken = {
      onEpochEnd() {
        throw new Error("enough");
      },
    };
    const failing = model.fit(x, y, { callbacks: [broken, doctor] });
    await expect(failing).rejects.toThrow("enough");
    expect(doctor.report).toBeNull();
    await model.fit(x, y, { callbacks: [doctor] });
    expect(doctor.report?.healthy).toBe(true);
  });

  it.each<[DiagnoseOptions["print"], number]>([
    ["end", 1],
    ["epoch", 3],
    ["never", 0],
  ])("prints %s", async (print, count) => {
    const stream = memory();
    const doctor = diagnose({ print, stream } as DiagnoseOptions);
    await net().fit(x, y, { epochs: 3, callbacks: [doctor] });
    expect(stream.texts).toHaveLength(count);
    for (const text of stream.texts) {
      // Lines and printable ASCII only: nothing that a log file could not show.
      expect(text).toMatch(/^[\n -~]+\n$/);
      expect(text).toMatch(/dense_1 +- .*kernel/);
      expect(text).toContain("Verdict: healthy.");
    }
    if (count > 0) expect(stream.texts.at(-1)).toBe(`${doctor}\n`);
  });

  it("says in words what is sick, where, and what helps", async () => {
    const doctor = diagnose({ every: 1, print: "never" });
    const large = x.map((value) => 1000 * value);
    await net(10).fit(large, y, { epochs: 2, callbacks: [doctor] });
    const text = doctor.toString();
    expect(doctor.report?.healthy).toBe(false);
    expect(text).toMatch(/Verdict:\n/);
    expect(text).toMatch(
      /not finite in dense: at step \d+ the loss is [\d.e+]+, and the gradient or the new values of dense\/kernel/,
    );
    expect(text).toMatch(/inputs not standardised in input: .*\n +Remedy: give each feature/);
    const sicknesses = doctor.report?.findings.map(({ sickness }) => sickness);
    expect(sicknesses).toContain("explodingGradients");
  });
});
