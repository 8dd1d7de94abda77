// Losses against Keras: values per sample, the reduced loss, gradients for the predictions.
import { describe, expect, it } from "vitest";
import { sigmoid } from "../../ts/activations.js";
import * as gradus from "../../ts/index.js";
import { lossesByName, resolveLoss } from "../../ts/losses.js";
import { reduceLoss } from "../../ts/models/lowering.js";
import { softmax } from "../../ts/ops.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { type TrialInput, trial } from "../support/trial.js";

const { cases } = readGolden("losses");

function inputOf(found: GoldenCase, name: string, dtype?: "int32"): TrialInput {
  const { shape, data } = found.tensor(name);
  return dtype ? { shape, data, dtype } : { shape, data };
}

function lossOf(found: GoldenCase) {
  const factory = lossesByName[found.extra.loss as keyof typeof lossesByName];
  return factory?.(found.options as object);
}

async function run(found: GoldenCase, predictions: string) {
  const loss = lossOf(found);
  if (!loss) throw new Error(`no loss ${found.extra.loss}`);
  const isLabels = loss.targets === "labels";
  const weighted = found.names.includes("sampleWeight");
  const inputs = {
    yTrue: inputOf(found, "yTrue", isLabels ? "int32" : undefined),
    yPred: inputOf(found, predictions),
    ...(weighted ? { weights: inputOf(found, "sampleWeight") } : {}),
  };
  // Models give targets this shape, whether the data have an axis of one number or not.
  const shape = isLabels ? inputs.yPred.shape.slice(0, -1) : inputs.yPred.shape;
  return trial({ ...inputs, yTrue: { ...inputs.yTrue, shape } }, (syms) => {
    const { yTrue, yPred, weights } = syms as Record<string, gradus.Sym>;
    const activation = { softmax, sigmoid }[found.extra.activation as "softmax" | "sigmoid"];
    const output = activation ? activation(yPred as gradus.Sym) : (yPred as gradus.Sym);
    const perSample = loss.compute(yTrue as gradus.Sym, output);
    const total = reduceLoss(loss.reduction, perSample, weights ?? null);
    return { outputs: { perSample, total }, loss: total };
  });
}

// Training needs one number, so the reduction "none" is not offered.
const built = (found: GoldenCase) =>
  (found.extra.loss as string) in lossesByName && found.options.reduction !== "none";

describe("losses agree with Keras", () => {
  for (const found of cases.filter((each) => each.extra.kind === "loss" && built(each))) {
    it(found.name, async () => {
      const { outputs, gradients } = await run(found, "yPred");
      const exact = (name: string) =>
        found.tensor(found.names.includes(`${name}True`) ? `${name}True` : name).data;
      expectClose(outputs.perSample as Float32Array, exact("perSample"), { what: "per sample" });
      expectClose(outputs.total as Float32Array, exact("loss"), { what: "loss" });
      expectClose(gradients.yPred as Float32Array, exact("dPred"), {
        what: "gradient",
        floor: 1e-3,
      });
    });
  }
});

describe("losses behind softmax and sigmoid are computed from the logits", () => {
  for (const found of cases.filter((each) => each.extra.kind === "outputActivation")) {
    it(found.name, async () => {
      const { outputs, gradients } = await run(found, "logits");
      expectClose(outputs.total as Float32Array, found.tensor("lossTrue").data, { what: "loss" });
      expectClose(gradients.yPred as Float32Array, found.tensor("dLogitsTrue").data, {
        what: "gradient",
        floor: 1e-3,
      });
    });
  }
});

describe("losses refuse", () => {
  it("unknown names, with the nearest", () => {
    expect(() => resolveLoss("compile", "meanSquareError" as "mse")).toThrow(/meanSquaredError/);
  });
  it("a factory that was not called", () => {
    const loss = resolveLoss("compile", gradus.meanSquaredError as never);
    expect(() => loss.compute({} as never, {} as never)).toThrow(/Call|unknown|object/);
  });
  it("options that do not exist or are out of range", () => {
    expect(() => gradus.categoricalCrossentropy({ labelSmoothing: 2 })).toThrow(/labelSmoothing/);
    expect(() => gradus.binaryCrossentropy({ fromLogit: true } as never)).toThrow(/fromLogits/);
  });
});
