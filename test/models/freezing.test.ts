// Freezing layers by hand and by range, and unfreezing them one group after the other.
import { describe, expect, it } from "vitest";
import {
  adam,
  batchNormalization,
  dense,
  dropout,
  freeze,
  GradusError,
  gradualUnfreezing,
  type Layer,
  sequential,
  sgd,
  unfreeze,
} from "../../ts/index.js";

const x = Float32Array.from({ length: 60 }, (_, i) => Math.sin(1.7 * i));
const y = Float32Array.from({ length: 40 }, (_, i) => Math.cos(0.9 * i));

function build(seed = 7) {
  return sequential({
    inputShape: [3],
    layers: [
      dense({ units: 5, activation: "tanh" }),
      batchNormalization(),
      dropout({ rate: 0.2 }),
      dense({ units: 4, activation: "relu" }),
      dense({ units: 2, name: "head" }),
    ],
    seed,
  });
}

type Net = ReturnType<typeof build>;

const frozenIn = (net: Net) =>
  net.layers.flatMap(({ trainable, name }) => (trainable ? [] : [name]));

describe("freeze and unfreeze", () => {
  it("take layers, names, numbers and ranges", () => {
    const net = build();
    const all = ["dense", "batchNormalization", "dropout", "dense_1", "head"];
    expect(freeze(net)).toEqual(net.layers);
    expect(frozenIn(net)).toEqual(all);
    expect(net.trainable).toBe(false);
    unfreeze(net, { from: "dense_1" });
    expect(frozenIn(net)).toEqual(all.slice(0, 3));
    expect(net.trainable).toBe(true);
    freeze(net, { to: -1 });
    expect(frozenIn(net)).toEqual(all.slice(0, 4));
    unfreeze(net, { from: 1, to: net.layers[3] as Layer });
    expect(frozenIn(net)).toEqual(["dense", "dense_1"]);
    unfreeze(net, { layers: ["dense", -2] });
    expect(frozenIn(net)).toEqual([]);
  });
  it("refuse what the model has not", () => {
    const net = build();
    const wrong: [() => unknown, RegExp][] = [
      [() => freeze([] as never), /expected a model/],
      [() => freeze(net, { until: 1 } as never), /unknown option "until"/],
      [() => freeze(net, { layers: "head" } as never), /layers to be an array/],
      [() => freeze(net, { layers: ["head"], to: 1 }), /either layers/],
      [() => freeze(net, { to: "hed" }), /Did you mean "head"/],
      [() => freeze(net, { to: 5 }), /from -5 to 4/],
      [() => freeze(net, { to: 1.5 }), /from -5 to 4/],
      [() => freeze(net, { from: "head", to: "dense" }), /from to come before to/],
      [() => freeze(net, { layers: [dense({ units: 1 })] }), /a layer of the model/],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(GradusError);
      expect(call).toThrow(message);
    }
    expect(frozenIn(net)).toEqual([]);
  });
});

describe("model.trainable", () => {
  it("sets all layers, nested ones too", async () => {
    const base = build();
    const net = sequential({ layers: [base, dense({ units: 1, name: "new" })], seed: 1 });
    base.trainable = false;
    expect(net.layers.filter(({ trainable }) => trainable).map(({ name }) => name)).toEqual([
      "new",
    ]);
    net.compile({ optimizer: "adam", loss: "mse" });
    const before = base.getWeights();
    await net.fit(x, new Float32Array(20).fill(1), { epochs: 2 });
    // Statistics stand still, too.
    expect(base.getWeights()).toEqual(before);
    expect(() => {
      base.trainable = 0 as never;
    }).toThrow(/trainable to be true or false/);
  });
});

describe("gradualUnfreezing", () => {
  const compile = () => ({ optimizer: adam({ learningRate: 0.01 }), loss: "mse" }) as const;
  it("is freeze, compile and fit, stage after stage, bit for bit", async () => {
    const net = build();
    const epochs: number[] = [];
    const history = await gradualUnfreezing(net, x, y, {
      compile: (stage) => {
        epochs.push(stage);
        return compile();
      },
      epochsPerGroup: 2,
      epochs: 7,
      batchSize: 8,
    });
    const byHand = build();
    const losses: number[] = [];
    for (const [from, to, first] of [
      [0, 2, "head"],
      [2, 4, "dense_1"],
      [4, 7, 0],
    ] as const) {
      freeze(byHand);
      unfreeze(byHand, { from: first });
      byHand.compile(compile());
      const stage = await byHand.fit(x, y, { initialEpoch: from, epochs: to, batchSize: 8 });
      losses.push(...(stage.history.loss as number[]));
    }
    expect(net.getWeights()).toEqual(byHand.getWeights());
    expect(history.history.loss).toEqual(losses);
    expect(history.epoch).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(epochs).toEqual([0, 1, 2]);
    expect(frozenIn(net)).toEqual([]);
  });
  it("does not move what is frozen, not in one bit", async () => {
    const net = build();
    const start = net.getWeights();
    const moved: string[][] = [];
    await gradualUnfreezing(net, x, y, {
      compile: compile(),
      groups: [["dense", "batchNormalization"], net.layers[3] as Layer, "head"],
      callbacks: [
        {
          onEpochEnd() {
            const now = net.getWeights();
            const differs = (name: string) =>
              now[name]?.data.some((value, i) => !Object.is(value, start[name]?.data[i]));
            moved.push(Object.keys(now).filter(differs));
          },
        },
      ],
    });
    const head = ["head/kernel", "head/bias"];
    const middle = ["dense_1/kernel", "dense_1/bias", ...head];
    expect(moved.slice(0, 2)).toEqual([head, middle]);
    expect(moved[2]?.length).toBe(net.weights().length);
  });
  it("gives lower groups lower rates", async () => {
    const net = build();
    const one = { optimizer: sgd({ learningRate: 0.1 }), loss: "mse" } as const;
    for (let again = 0; again < 2; again++) {
      await gradualUnfreezing(net, x, y, { compile: one, rateDivisor: 2 });
      const rates = net.layers.map((layer) => layer.learningRateMultiplier);
      expect(rates).toEqual([0.25, 0.25, 1, 0.5, 1]);
    }
  });
  it("ends when a callback says so", async () => {
    const net = build();
    const history = await gradualUnfreezing(net, x, y, {
      compile: compile(),
      callbacks: [
        {
          onEpochEnd(epoch) {
            if (epoch === 1) net.stopTraining = true;
          },
        },
      ],
    });
    expect(history.epoch).toEqual([0, 1]);
    expect(frozenIn(net)).toEqual(["dense", "batchNormalization"]);
  });
  it("refuses groups and epochs that do not fit", async () => {
    const net = build();
    const wrong: [object, RegExp][] = [
      [{ compile: 1 }, /compile to be/],
      [{ groups: [] }, /groups to be an array/],
      [{ groups: ["head", "head"] }, /groups\[1\].*each layer in one group/],
      [{ groups: ["dropout"] }, /a layer with weights/],
      [{ groups: ["heed"] }, /Did you mean "head"/],
      [{ epochsPerGroup: 0 }, /epochsPerGroup/],
      [{ epochsPerGroup: 1.5 }, /epochsPerGroup/],
      [{ epochs: 2 }, /at least 3 epochs/],
      [{ rateDivisor: 0.5 }, /rateDivisor/],
      [{ initialEpoch: 1 }, /initialEpoch/],
      [{ batchsize: 1 }, /did you mean batchSize/],
    ];
    for (const [options, message] of wrong) {
      const all = { compile: compile(), ...options } as never;
      await expect(gradualUnfreezing(net, x, y, all)).rejects.toThrow(message);
    }
    await expect(gradualUnfreezing({} as never, x, y, { compile: compile() })).rejects.toThrow(
      /expected a model/,
    );
    expect(frozenIn(net)).toEqual([]);
  });
});
