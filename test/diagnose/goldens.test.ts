// What a diagnosis measures is what Keras finds: norms of gradients, updates and weights, and the
// statistics of outputs.
import { expect, it } from "vitest";
import {
  type Activation,
  adam,
  batchNormalization,
  dense,
  diagnose,
  type Optimizer,
  sequential,
  sgd,
} from "../../ts/index.js";
import { readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";

interface Figures {
  loss: number;
  names: string[];
  weights: number[];
  gradients: number[];
  updates: number[];
  outputs: [mean: number, deviation: number, saturated: number, dead: number][];
}

const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.05 }),
  adam: () => adam({ learningRate: 0.01 }),
  clipped: () => sgd({ learningRate: 0.05, globalClipNorm: 0.1 }),
};

/** Keras' names of weights in ours. */
const ourName = (name: string) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

it.each(readGolden("diagnosis").cases.map((golden) => [golden.name, golden] as const))(
  "%s",
  async (_, golden) => {
    const { activations, units, optimizer } = golden.options as unknown as {
      activations: Activation[];
      units: number[];
      optimizer: string;
    };
    const expected = golden.extra.figures as Figures;
    const layers = units.flatMap((count, i) => [
      dense({ units: count, activation: activations[i] as Activation, name: `d${i}` }),
      ...(i === 0 ? [batchNormalization({ name: "norm" })] : []),
    ]);
    const model = sequential({ inputShape: [6], seed: 1, layers });
    const make = optimizers[optimizer] as () => Optimizer;
    model.compile({ optimizer: make(), loss: "sparseCategoricalCrossentropy" });
    const weights = golden.names.filter((name) => name.includes("/"));
    await model.predict(golden.float32("x"));
    model.setWeights(
      Object.fromEntries(weights.map((name) => [ourName(name), golden.float32(name)])),
    );
    const doctor = diagnose({ print: "never" });
    const y = golden.tensor("y").data as Int32Array;
    await model.fit(golden.float32("x"), y, { batchSize: y.length, callbacks: [doctor] });
    const report = doctor.report;
    if (!report) throw new Error("there is no report");
    expect(report.loss).toBeCloseTo(expected.loss, 5);
    expect(report).toMatchObject({ step: 0, measured: 1, rows: y.length, epoch: 0 });
    const figures = new Map(
      report.layers.flatMap(({ weights: own }) => own.map((each) => [each.name, each] as const)),
    );
    const found = expected.names.map((name) => {
      const own = figures.get(ourName(name));
      if (!own) throw new Error(`no figures of ${name}`);
      return own;
    });
    const close = { tolerance: 2e-5, floor: 1e-4 };
    const norms = (key: "weight" | "gradient" | "update") => found.map((each) => each[key]);
    expectClose(norms("weight"), expected.weights, { ...close, what: "weights" });
    expectClose(norms("gradient"), expected.gradients, { ...close, what: "gradients" });
    expectClose(norms("update"), expected.updates, { ...close, floor: 1e-3, what: "updates" });
    expect(report.layers).toHaveLength(expected.outputs.length);
    for (const [i, [mean, deviation, saturated, dead]] of expected.outputs.entries()) {
      const layer = report.layers[i];
      if (!layer) throw new Error("a layer is missing");
      const { name, mean: ourMean, deviation: ourDeviation } = layer;
      expectClose([ourMean, ourDeviation], [mean, deviation], { ...close, what: name });
      const shares = [layer.saturated ?? -1, layer.dead ?? -1];
      expectClose(shares, [saturated, dead], { tolerance: 1e-6, floor: 1, what: name });
    }
  },
);
