// Layers, regularizers and clipping against Keras: outputs, gradients, moving statistics.
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../ts/graph.js";
import {
  batchNormalization,
  dense,
  flatten,
  l1,
  l1l2,
  l2,
  type OptimizerOptions,
  orthogonalRegularizer,
  type Sym,
  sequential,
  sgd,
} from "../../ts/index.js";
import type { Layer } from "../../ts/layers/layer.js";
import { multiply, sum } from "../../ts/ops.js";
import { resolveRegularizer } from "../../ts/regularizers.js";
import { loadedCore } from "../../ts/runtime/load.js";
import { Resources, Variable } from "../../ts/runtime/resources.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { type TrialInput, trial } from "../support/trial.js";

const cases = ["layers", "normalization-layers"].flatMap((family) => readGolden(family).cases);
/** Options that gradus does not have: its data are channels-last. */
const absent = ["dataFormat"];
const ofKind = (kind: string) =>
  cases.filter(
    (found) => found.extra.kind === kind && !absent.some((name) => name in found.options),
  );

/** Calls a layer on a graph, its weights being inputs of the same names. */
function call(layer: Layer, syms: Readonly<Record<string, Sym>>, training: boolean): Sym {
  const context = {
    training,
    random: training,
    trainable: true,
    stream: 0,
    weight: (name: string) => syms[name] as Sym,
    addLoss: () => {},
  };
  return layer.definition.call(context, [syms.x as Sym]);
}

const inputsOf = (found: GoldenCase, names: readonly string[]) => {
  const inputs: Record<string, TrialInput> = {};
  for (const name of names) if (found.names.includes(name)) inputs[name] = found.tensor(name);
  return inputs;
};

/** A sum of float32 products strays by the size of its terms, not of itself. */
function compare(
  found: GoldenCase,
  name: string,
  actual: ArrayLike<number> | undefined,
  least = 1e-2,
): void {
  const expected = found.float32(name);
  const stray = (found.extra.strayFromFloat64 as Record<string, number> | undefined)?.[name] ?? 0;
  const floor = Math.max(least, 4e5 * stray);
  expectClose(actual ?? [], expected, { what: name, floor });
}

describe("dense agrees with Keras", () => {
  it.each(ofKind("dense").map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const layer = dense(found.options as unknown as Parameters<typeof dense>[0]);
    const inputs = inputsOf(found, ["x", "dy", "kernel", "bias"]);
    const { outputs, gradients } = await trial(inputs, (syms) => {
      const y = call(layer, syms, true);
      return { outputs: { y }, loss: sum(multiply(y, syms.dy as Sym)) };
    });
    compare(found, "y", outputs.y);
    compare(found, "dx", gradients.x);
    compare(found, "dKernel", gradients.kernel);
    if (found.names.includes("dBias")) compare(found, "dBias", gradients.bias);
  });
});

describe("flatten agrees with Keras", () => {
  it.each(ofKind("flatten").map((found) => [found.name, found] as const))(
    "%s",
    async (_, found) => {
      const { outputs, shapes, gradients } = await trial(inputsOf(found, ["x", "dy"]), (syms) => {
        const y = call(flatten(), syms, true);
        return { outputs: { y }, loss: sum(multiply(y, syms.dy as Sym)) };
      });
      expect(shapes.y).toEqual(found.tensor("y").shape);
      compare(found, "y", outputs.y);
      compare(found, "dx", gradients.x);
    },
  );
});

/** Where x - mean cancels, Keras' x * scale + (beta - mean * scale) loses digits. */
const illConditioned = /largeMean|tinyVariance|constant/;

/** What training gives for x1, in float64. */
function normalised(found: GoldenCase): number[] {
  const x = found.float32("x1");
  const { shape } = found.tensor("x1");
  const { epsilon = 1e-3, axis = -1 } = found.options as { epsilon?: number; axis?: number };
  const from = axis < 0 ? axis + shape.length : axis;
  const channels = shape[from] as number;
  const inner = shape.slice(from + 1).reduce((product, extent) => product * extent, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const of = (name: string, k: number, other: number) =>
    found.names.includes(name) ? (found.float32(name)[k] as number) : other;
  const statistics = Array.from({ length: channels }, (_, k) => {
    const values = x.filter((_, i) => channelOf(i) === k);
    let [mean, variance] = [0, 0];
    for (const value of values) mean += value / values.length;
    for (const value of values) variance += (value - mean) ** 2 / values.length;
    return { mean, scale: 1 / Math.sqrt(variance + epsilon) };
  });
  return Array.from(x, (value, i) => {
    const k = channelOf(i);
    const { mean, scale } = statistics[k] as { mean: number; scale: number };
    return (value - mean) * scale * of("gamma", k, 1) + of("beta", k, 0);
  });
}

describe("batchNormalization agrees with Keras", () => {
  it.each(ofKind("batchNormalization").map((found) => [found.name, found] as const))(
    "%s",
    async (_, found) => {
      const layer = () => batchNormalization({ ...found.options, name: "norm" });
      const row = found.tensor("x1").shape.slice(1);
      const statistics = ["movingMean", "movingVariance"];
      const given = statistics.map((name) => [`norm/${name}`, found.float32(name)]);
      for (const name of ["gamma", "beta"]) {
        if (found.names.includes(name)) given.push([`norm/${name}`, found.float32(name)]);
      }

      // Three updates of the moving statistics, in a model.
      const model = sequential({ inputShape: row, layers: [layer()] });
      model.setWeights(Object.fromEntries(given));
      model.compile({ optimizer: sgd({ learningRate: 0 }), loss: "mse" });
      for (const step of [1, 2, 3]) {
        const x = found.float32(`x${step}`);
        await model.trainOnBatch(x, x);
        for (const name of statistics) {
          const after = `${name}After${step}`;
          const actual = model.getWeights()[`norm/${name}`]?.data;
          if (found.names.includes(after)) compare(found, after, actual, 1);
        }
      }
      compare(found, "yInference", (await model.predict(found.float32("x1"))).data, 1);

      // Outputs and gradients, with the statistics given and with those after the updates.
      const isTrained = found.options.trainable !== false;
      for (const mode of ["Training", "Inference"]) {
        const x = found.tensor("x1");
        const after =
          mode === "Inference" && found.names.includes("movingMeanAfter3") ? "After3" : "";
        const inputs: Record<string, TrialInput> = {
          x,
          ...inputsOf(found, ["dy", "gamma", "beta"]),
          movingMean: found.tensor(`movingMean${after}`),
          movingVariance: found.tensor(`movingVariance${after}`),
        };
        const { outputs, gradients } = await trial(inputs, (syms) => {
          // Statistics that are inputs cannot be updated: only the output counts here.
          const graph = (syms.x as Sym).graph as unknown as { addEffect: () => void };
          graph.addEffect = () => {};
          const y = call(layer(), syms, mode === "Training" && isTrained);
          return { outputs: { y }, loss: sum(multiply(y, syms.dy as Sym)) };
        });
        const least = illConditioned.test(found.name) ? 3000 : 3;
        compare(found, `y${mode}`, outputs.y, least);
        compare(found, `dx${mode}`, gradients.x, least);
        if (mode === "Training" && isTrained) {
          // The mean itself is a float32.
          const floor = illConditioned.test(found.name) ? 100 : 1e-1;
          expectClose(outputs.y ?? [], normalised(found), { floor, what: "exact y" });
        }
        for (const [name, golden] of [
          ["gamma", "dGamma"],
          ["beta", "dBeta"],
        ] as const) {
          if (found.names.includes(`${golden}${mode}`)) {
            compare(found, `${golden}${mode}`, gradients[name], least);
          }
        }
      }
    },
  );
});

describe("regularizers agree with Keras", () => {
  const factories = {
    l1: ({ l1: factor }: { l1?: number }) => l1(factor),
    l2: ({ l2: factor }: { l2?: number }) => l2(factor),
    l1l2: (options: { l1?: number; l2?: number }) => l1l2(options),
    orthogonalRegularizer,
  };
  const built = ofKind("regularizer").filter(
    (found) => (found.extra.regularizer as string) in factories,
  );
  it.each(built.map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const make = factories[found.extra.regularizer as keyof typeof factories];
    const penalty = resolveRegularizer("test", make(found.options));
    if (!penalty) {
      expect([...found.float32("value")]).toEqual([0]);
      return;
    }
    const { outputs, gradients } = await trial(inputsOf(found, ["x"]), (syms) => {
      const value = penalty(syms.x as Sym);
      return { outputs: { value }, loss: value };
    });
    expectClose(outputs.value ?? [], found.float32("value"));
    // At 0 JAX takes the slope 1 for |x|; TensorFlow, PyTorch and gradus take 0.
    const x = found.float32("x");
    const known = [...x.keys()].filter((i) => x[i] !== 0);
    const pick = (data: ArrayLike<number>) => known.map((i) => data[i] as number);
    const expected = pick(found.float32("dx"));
    // Slopes that are sums are as exact as the greatest of them.
    const floor = Math.max(1e-6, 0.1 * Math.max(...expected.map(Math.abs)));
    expectClose(pick(gradients.x ?? []), expected, { floor });
  });
});

/** The step of size 1 that a clipped gradient makes from 0. */
async function clip(options: OptimizerOptions, gradients: readonly TrialInput[]) {
  const { clipping } = sgd(options);
  const core = await loadedCore();
  const resources = new Resources({});
  const graph = new GraphBuilder();
  const variables = gradients.map(({ shape }, i) => new Variable(`w${i}`, shape));
  resources.create(core, variables);
  try {
    const terms = gradients.map(({ shape }, i) => {
      const dims = shape.map((factor) => ({ factor, symbol: 0 }) as const);
      const weight = graph.variable(variables[i] as Variable);
      return sum(multiply(graph.input(`g${i}`, dims), weight));
    });
    const loss = terms.reduce((p, q) => graph.within("sum", () => sum(addTo(p, q))));
    const learningRate = graph.input("learningRate", []);
    const { wire, inputs } = graph.encode({
      outputs: {},
      train: {
        loss,
        learningRate,
        momentum: null,
        rule: "sgd",
        hyperparameters: [],
        clip: clipping,
        accumulation: { kind: "none", steps: 1 },
        trainables: variables.map((variable) => ({
          variable,
          learningRateMultiplier: 1,
          weightDecay: 0,
          slots: [],
          accumulator: null,
        })),
      },
    });
    const program = resources.compile(core, "clip", wire, 1);
    core.call("clip", (engine) => {
      for (const [i, { data }] of gradients.entries()) {
        core.floats(engine.inputPtr(program, inputs.indexOf(`g${i}`)), data.length).set(data);
      }
      core.floats(engine.inputPtr(program, inputs.indexOf("learningRate")), 1)[0] = 1;
      engine.run(program, 1, 1, 0, 0, 0, 0);
    });
    return variables.map((variable) => variable.view(core).map((value) => 0 - value));
  } finally {
    resources.free();
  }
}

const addTo = (p: Sym, q: Sym) =>
  p.graph.add("binary", [p, q], [{ dims: [], dtype: "float32" }], (w) => w.text("add"))[0] as Sym;

describe("clipping agrees with Keras", () => {
  it.each(ofKind("clip").map((found) => [found.name, found] as const))("%s", async (_, found) => {
    const names = found.names.filter((name) => name.startsWith("gradient"));
    const clipped = await clip(
      found.options,
      names.map((name) => found.tensor(name)),
    );
    for (const [i, actual] of clipped.entries()) {
      expectClose(actual, found.float32(`clipped${i}`), { floor: 1e-7, what: `gradient ${i}` });
    }
  });
});
