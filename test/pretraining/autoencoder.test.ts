// Autoencoders: whole and greedy, tied and not, with noise; what is trained and what is refused.
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  batchNormalization,
  dense,
  dropout,
  flatten,
  GradusError,
  input,
  model,
  pretrainAutoencoder,
  sequential,
  tensor,
} from "../../ts/index.js";
import { readGolden } from "../fixtures/golden.js";
import { uniform } from "../fixtures/initial.js";
import { expectClose } from "../support/close.js";

const rows = Float32Array.from({ length: 40 * 6 }, (_, i) => {
  const [row, column] = [Math.floor(i / 6), i % 6];
  return (1 + Math.sin(0.7 * row + column * (1 + (row % 3)))) / 2;
});
const x = tensor(rows, [40, 6]);

describe("a tied autoencoder", () => {
  it("trains as PyTorch does, gradients summed over both uses", async () => {
    const found = readGolden("transfer").cases.find(({ name }) => name === "tied");
    if (!found) throw new Error("no golden");
    const layers = [
      dense({ units: 5, activation: "tanh" }),
      dense({ units: 3, activation: "tanh" }),
    ];
    const encoder = sequential({ inputShape: [7], layers });
    const limits = [Math.sqrt(6 / 7), 0.1, Math.sqrt(6 / 5), 0.1];
    const initial = encoder.weights().map(({ name, shape }, i) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      return [name, uniform(i, size, limits[i] as number)];
    });
    encoder.setWeights(Object.fromEntries(initial));
    const steps = found.options.steps as number;
    const { autoencoder, histories } = await pretrainAutoencoder(encoder, found.float32("x"), {
      tied: true,
      outputActivation: "sigmoid",
      loss: "meanSquaredError",
      optimizer: adam({ learningRate: 0.02, epsilon: 1e-10 }),
      epochs: steps,
      batchSize: 24,
    });
    const losses = histories[0]?.history.loss as number[];
    expectClose(losses, found.float32("losses"), { tolerance: 1e-4, what: "losses" });
    const names = { w0: 0, b0: 1, w1: 2, b1: 3, c1: 4, c0: 5 };
    const weights = Object.values(autoencoder.getWeights());
    expect(weights.length).toBe(6);
    for (const [name, at] of Object.entries(names)) {
      const final = found.float32(`final/${name}`);
      expectClose(weights[at]?.data ?? [], final, { tolerance: 1e-3, floor: 0.1, what: name });
    }
    expect(autoencoder.layers.map(({ kind }) => kind)).toEqual([
      "dense",
      "dense",
      "tiedDense",
      "tiedDense",
    ]);
  });
});

describe("pretrainAutoencoder", () => {
  const layers = () => [
    dense({ units: 5, activation: "tanh" }),
    batchNormalization(),
    dense({ units: 3 }),
    activation({ activation: "tanh" }),
    dropout({ rate: 0.1 }),
  ];
  const settings = {
    optimizer: adam({ learningRate: 0.02 }),
    outputActivation: "sigmoid",
    batchSize: 8,
    seed: 4,
  } as const;

  it("trains the layers it was given, which go into a new model", async () => {
    const own = layers();
    const { encoder, autoencoder, histories } = await pretrainAutoencoder(own, x, {
      ...settings,
      epochs: 30,
    });
    expect(encoder.layers).toEqual(own);
    const loss = histories[0]?.history.loss as number[];
    expect(loss.length).toBe(30);
    expect(loss.at(-1)).toBeLessThan((loss[0] as number) - 0.05);
    expect(autoencoder.outputShape).toEqual([null, 6]);
    const classifier = sequential({ layers: [...own, dense({ units: 2, activation: "softmax" })] });
    const codes = await model({
      inputs: classifier.inputs,
      outputs: classifier.outputOf(own.at(-1) as (typeof own)[0]),
    }).predict(x);
    expect(codes).toEqual(await encoder.predict(x));
  });
  it.each([
    ["whole", false],
    ["whole", true],
    ["greedy", false],
    ["greedy", true],
  ] as const)("is the same again with the same seed (%s, tied %s)", async (mode, tied) => {
    const run = async (seed: number) => {
      const { autoencoder, histories } = await pretrainAutoencoder(layers(), x, {
        ...settings,
        mode,
        tied,
        noise: { rate: 0.2 },
        epochs: 3,
        seed,
      });
      const numbers = Object.values(autoencoder.getWeights()).map(({ data }) => [...data]);
      return { numbers, losses: histories.map(({ history }) => history.loss) };
    };
    const first = await run(4);
    expect(first.losses.length).toBe(mode === "whole" ? 1 : 2);
    expect(await run(4)).toEqual(first);
    expect(await run(5)).not.toEqual(first);
  });
  it("trains greedily one dense layer at a time", async () => {
    const own = layers();
    const [low, , high] = own;
    const kernels = () => [low, high].map((layer) => encoderKernel(layer?.name ?? ""));
    const whole = sequential({ inputShape: [6], layers: own, seed: 9 });
    const encoderKernel = (name: string) => whole.getWeights()[`${name}/kernel`]?.data;
    const seen: (readonly unknown[])[] = [kernels()];
    const { histories } = await pretrainAutoencoder(whole, x, {
      ...settings,
      mode: "greedy",
      epochs: [4, 3],
      fineTuneEpochs: 2,
      callbacks: (training) => [
        {
          onTrainEnd() {
            expect(training).toBe(seen.length - 1);
            seen.push(kernels());
          },
        },
      ],
    });
    expect(histories.map(({ epoch }) => epoch.length)).toEqual([4, 3, 2]);
    expect(seen.length).toBe(4);
    const [start, first, second, last] = seen as [unknown[], unknown[], unknown[], unknown[]];
    expect(first[0]).not.toEqual(start[0]);
    expect(first[1]).toEqual(start[1]);
    expect(second[0]).toEqual(first[0]);
    expect(second[1]).not.toEqual(first[1]);
    expect(last[0]).not.toEqual(second[0]);
  });
  it("puts greedily trained decoders behind the encoder", async () => {
    const { encoder, autoencoder, histories } = await pretrainAutoencoder(
      [dense({ units: 5, activation: "tanh" }), dense({ units: 4, activation: "tanh" })],
      x,
      { ...settings, mode: "greedy", tied: true, loss: "mse", epochs: 200 },
    );
    const { loss } = await autoencoder.evaluate(x, x);
    const variance = 0.125;
    expect(loss).toBeLessThan(variance / 4);
    expect(histories[0]?.history.loss?.at(-1)).toBeLessThanOrEqual(loss as number);
    expect(encoder.outputShape).toEqual([null, 4]);
  });
  it("spoils inputs only while it trains, and restores clean rows", async () => {
    const { autoencoder } = await pretrainAutoencoder([dense({ units: 6 })], x, {
      epochs: 1,
      noise: { rate: 0.5 },
      seed: 1,
    });
    expect(autoencoder.layers[0]?.kind).toBe("maskingNoise");
    expect(await autoencoder.predict(x)).toEqual(await autoencoder.predict(x));
    autoencoder.compile({ optimizer: "sgd", loss: (a, b) => a.graph && b });
    // With an identity behind it, what is trained on shows: zeros, and values that are not scaled.
    const values: number[] = [];
    const net = sequential({ layers: autoencoder.layers.slice(0, 1), inputShape: [6], seed: 2 });
    net.compile({ optimizer: "sgd", loss: (_, output) => output });
    for (let step = 0; step < 50; step++) {
      const ones = new Float32Array(6).fill(1);
      values.push((await net.trainOnBatch(ones, ones)).loss as number);
    }
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.12);
  });
  it("leaves layers alone that are not trainable", async () => {
    const own = [dense({ units: 5, trainable: false }), dense({ units: 3 })];
    const net = sequential({ inputShape: [6], layers: own, seed: 1 });
    const before = net.getWeights();
    await pretrainAutoencoder(net, x, { mode: "greedy", tied: true, epochs: 2 });
    expect(net.getWeights()["dense/kernel"]).toEqual(before["dense/kernel"]);
    expect(net.getWeights()["dense_1/kernel"]).not.toEqual(before["dense_1/kernel"]);
  });
  it("takes rows of any form", async () => {
    const one = () => [dense({ units: 2 })];
    const run = async (data: Parameters<typeof pretrainAutoencoder>[1], inputShape?: number[]) => {
      const shape = inputShape ? { inputShape } : {};
      const { encoder } = await pretrainAutoencoder(one(), data, { epochs: 1, seed: 1, ...shape });
      return Object.values(encoder.getWeights())[0]?.data;
    };
    const expected = await run(x);
    expect(await run(rows, [6])).toEqual(expected);
    expect(await run(x.toArray() as number[][])).toEqual(expected);
    await expect(run(rows)).rejects.toThrow(/inputShape for rows in a flat array/);
  });
  it("validates on rows held out", async () => {
    const { histories } = await pretrainAutoencoder([dense({ units: 2 })], x, {
      epochs: 2,
      validationSplit: 0.25,
    });
    expect(histories[0]?.history.valLoss?.length).toBe(2);
  });
  it("refuses what it cannot mirror and options out of range", async () => {
    const good = () => [dense({ units: 2 })];
    const inputs = input({ shape: [6] });
    const branches = model({ inputs: [inputs], outputs: [dense({ units: 2 })(inputs), inputs] });
    const wrong: [unknown, object, RegExp][] = [
      [[], {}, /an encoder: a model, or an array of layers/],
      [1, {}, /an encoder/],
      [[dropout({ rate: 0.5 })], {}, /an encoder with dense layers/],
      [branches, {}, /a chain of layers/],
      [[flatten({ inputShape: [2, 3] }), ...good()], {}, /rows of features/],
      [sequential({ inputShape: [6], layers: good() }), { inputShape: [6] }, /no inputShape/],
      [good(), { mode: "deep" }, /one of "whole" or "greedy"/],
      [good(), { tied: 1 }, /tied to be true or false/],
      [good(), { noise: {} }, /noise: expected rate/],
      [good(), { noise: { rate: 1 } }, /rate/],
      [good(), { noise: { rate: -0.1 } }, /rate/],
      [good(), { noise: { share: 0.1 } }, /unknown option "share"/],
      [good(), { outputActivation: "sigmod" }, /sigmoid/],
      [good(), { codeActivation: "tan" }, /tanh/],
      [good(), { loss: "msee" }, /mse/],
      [good(), { optimizer: "adm" }, /adam/],
      [good(), { epochs: 0 }, /epochs/],
      [good(), { epochs: [1, 2] }, /an array of 1/],
      [good(), { fineTuneEpochs: 1 }, /mode "greedy"/],
      [good(), { mode: "greedy", fineTuneEpochs: -1 }, /fineTuneEpochs/],
      [good(), { codeLoss: "mse" }, /mode "greedy"/],
      [good(), { batchSize: 0 }, /batchSize/],
      [good(), { validationSplit: 2 }, /validationSplit/],
      [good(), { seed: 0.5 }, /seed/],
      [good(), { epoch: 1 }, /did you mean epochs/],
    ];
    for (const [encoder, options, message] of wrong) {
      const call = pretrainAutoencoder(encoder as never, x, { epochs: 1, ...options } as never);
      await expect(call, String(message)).rejects.toThrow(message);
      await expect(call).rejects.toThrow(GradusError);
    }
  });
});
