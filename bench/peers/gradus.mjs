// gradus as its users have it: the packaged library, in either build. Products and other parts of a
// step are not part of the public API, so those come from the engine of the same build.
import { existsSync } from "node:fs";
import {
  adam,
  checkedEpochs,
  checkedSteps,
  denseWeights,
  fitData,
  predictionCheck,
  trainingBatches,
  uniform,
} from "../inputs.mjs";
import { open as openEngine } from "./gradus-raw.mjs";

const suites = ["gemm", "elementwise", "optimizer", "train", "predict", "fit"];

export const subjects = ["relaxed", "strict"].map((build, i) => ({
  ...{ id: `gradus-${build}`, subject: "gradus", build, threads: 1 },
  skips: (_work, { quick }) => quick && build === "strict",
  ...{ place: i, suites: build === "relaxed" ? [...suites, "scaling"] : suites },
}));

/** @param {string} id */
export async function open(id) {
  const build = id.replace("gradus-", "");
  const engine = await openEngine(`engine-${build}`);
  const library = new URL("../../dist/index.js", import.meta.url);
  if (!existsSync(library)) throw new Error("dist/ is missing: npm run build");
  const gradus = await import(library.href);
  await gradus.init({ simd: build });
  const kinds = { train, predict, fit };
  return {
    describe: engine.describe,
    prepare: (/** @type {any} */ work) =>
      work.kind in kinds ? kinds[work.kind](gradus, work) : engine.prepare(work),
  };
}

/**
 * @param {number[]} widths
 * @param {string[]} [metrics]
 * @param {import("../suites/train.mjs").Extras} [extras]
 */
function denseNet(gradus, widths, metrics = [], extras = {}) {
  const { activation, batchNormalization, dense, dropout, sequential } = gradus;
  const { globalClipNorm, weightDecay } = extras;
  const last = widths.length - 2;
  const clipping = globalClipNorm === undefined ? {} : { globalClipNorm };
  const optimizer =
    weightDecay === undefined
      ? gradus.adam({ ...adam, ...clipping })
      : gradus.adamW({ ...adam, ...clipping, weightDecay });
  const hidden = (/** @type {number} */ units, /** @type {string} */ name) => [
    dense({ name, units, ...(extras.normalized ? {} : { activation: "relu" }) }),
    ...(extras.normalized ? [batchNormalization(), activation({ activation: "elu" })] : []),
    ...(extras.dropout ? [dropout({ rate: extras.dropout })] : []),
  ];
  const model = sequential({
    inputShape: [widths[0]],
    layers: widths
      .slice(1)
      .flatMap((units, layer) =>
        layer === last
          ? [dense({ name: `layer${layer}`, units, activation: "softmax" })]
          : hidden(units, `layer${layer}`),
      ),
  });
  const loss = "sparseCategoricalCrossentropy";
  model.compile({ optimizer, loss, metrics });
  model.setWeights(
    Object.fromEntries(
      denseWeights(widths).flatMap(({ kernel, bias }, layer) => [
        [`layer${layer}/kernel`, kernel],
        [`layer${layer}/bias`, bias],
      ]),
    ),
  );
  return model;
}

async function train({ tensor, ...gradus }, { widths, batch, extras }) {
  const model = denseNet(gradus, widths, [], extras);
  const batches = trainingBatches(widths, batch);
  const inputs = batches.inputs.map((x) => tensor(x, [batch, widths[0]]));
  const labels = batches.labels.map((y) => tensor(y, [batch]));
  const losses = [];
  for (let step = 0; step < checkedSteps; step += 1) {
    losses.push((await model.trainOnBatch(inputs[0], labels[0])).loss);
  }
  let at = 0;
  return {
    work() {
      at += 1;
      return model.trainOnBatch(inputs[at % inputs.length], labels[at % labels.length]);
    },
    check: { losses },
    release: () => model.dispose(),
  };
}

async function predict({ tensor, ...gradus }, { widths, rows, extras }) {
  const model = denseNet(gradus, widths, [], extras);
  const x = tensor(uniform(rows * widths[0], 200, 0, 1), [rows, widths[0]]);
  const { data } = await model.predictOnBatch(x);
  return {
    work: () => model.predictOnBatch(x),
    check: predictionCheck(data, rows),
    release: () => model.dispose(),
  };
}

async function fit({ tensor, lambdaCallback, ...gradus }, work) {
  const model = denseNet(gradus, work.widths, ["accuracy"]);
  const data = fitData(work);
  const [[x, y], validationData] = [data.training, data.validation].map((part) => [
    tensor(part.x, [part.count, work.widths[0]]),
    tensor(part.y, [part.count]),
  ]);
  let batches = 0;
  const callbacks = [
    lambdaCallback({
      onTrainBatchEnd: () => {
        batches += 1;
      },
    }),
  ];
  const options = { epochs: 1, batchSize: work.batch, validationData, callbacks };
  const epoch = () => model.fit(x, y, options);
  const losses = [];
  for (let i = 0; i < checkedEpochs; i += 1) losses.push((await epoch()).history.loss[0]);
  if (batches === 0) throw new Error("the callback was not called");
  return { work: epoch, check: { losses }, release: () => model.dispose() };
}
