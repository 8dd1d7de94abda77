// Role: the network: how it is made from the settings, trained in a worker, and asked. What a reader
// would copy is here. It must not know the page.
import * as gradus from "./gradus/index.js";
import { firstOf, side } from "./mnist.mjs";

const { activation, adamW, dense, dropout, lion, nadam, nesterov, ops, rmsprop, sequential, sgd } =
  gradus;

const optimizers = { adamW, lion, nadam, nesterov, rmsprop, sgd };
const batchSize = 64;

/** A network for images of bytes. */
export function makeNetwork({ optimizer, rate, width, dropout: share }) {
  const hidden = () => [
    dense({ units: width, activation: "relu", kernelInitializer: "heNormal" }),
    dropout({ rate: share }),
  ];
  const model = sequential({
    inputShape: [side * side],
    layers: [
      // Bytes stay bytes until they are in the engine: a quarter of the memory of floats.
      activation({ activation: (x) => ops.multiply(x, 1 / 255) }),
      ...hidden(),
      ...hidden(),
      dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({
    optimizer: optimizers[optimizer]({ learningRate: rate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** What happened between two moments of an epoch, from the means over the epoch up to each. */
function between(before, now) {
  const batches = now.batches - before.batches;
  const mean = (name) =>
    (now.logs[name] * now.batches - (before.logs[name] ?? 0) * before.batches) / batches;
  return { loss: mean("loss"), accuracy: mean("accuracy") };
}

/**
 * Trains; `tell.progress` gets where training is, in epochs, and how it went since it was told last;
 * `tell.tested` how the network does on the test images after each epoch; `tell.idle` is called now
 * and then with training going on, and may ask the network.
 */
export async function train(model, mnist, { images, epochs }, signal, tell) {
  const training = firstOf(mnist.train, images);
  const steps = Math.ceil(images / batchSize);
  let epoch = 0;
  let before = { batches: 0, logs: {} };
  let told = performance.now();
  await model.fit(training.images, training.labels, {
    epochs,
    batchSize,
    signal,
    worker: true,
    validationData: [mnist.test.images, mnist.test.labels],
    validationBatchSize: 500,
    callbacks: [
      {
        needs: "logs",
        onEpochBegin(number) {
          epoch = number;
          before = { batches: 0, logs: {} };
        },
        onTrainBatchEnd(batch, logs) {
          const now = { batches: batch + 1, logs };
          const isLast = now.batches === steps;
          // The mean of a few batches says little.
          const isSoon = performance.now() - told < 100 || now.batches - before.batches < 16;
          if (isSoon && !isLast) return;
          told = performance.now();
          tell.progress(epoch + now.batches / steps, between(before, now));
          before = now;
          tell.idle();
        },
        onEpochEnd(number, { loss, accuracy, valLoss, valAccuracy }) {
          tell.tested(number + 1, { loss, accuracy, valLoss, valAccuracy });
        },
      },
    ],
  });
}

/** What the network makes of an image, looking once without dropout. */
export async function glance(model, image) {
  const { data } = await model.predict(image);
  return { mean: [...data] };
}
