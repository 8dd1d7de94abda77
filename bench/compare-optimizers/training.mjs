// Trains one network with one optimizer, and finds the rate to do it with. The same effort for
// each optimizer: one sweep of the finder, then five rates around what it suggests.
import { findLearningRate, GradusError, lambdaCallback } from "../../dist/index.js";
import { lowestOf, meanCurve } from "./grades.mjs";

/** What the suggested rate is multiplied with. */
export const factors = [1 / 9, 1 / 3, 1, 3, 9];

/** Seeds to tune with are not those that count. */
const firstTuningSeed = 1_000;

/** A loss that is no number is as bad as can be. */
const numberOr = (loss) => (Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY);

function compiled(set, seed, optimizer) {
  const model = set.network(seed);
  model.compile({
    optimizer,
    loss: set.loss,
    metrics: [set.metric],
  });
  return model;
}

/**
 * Trains once. Gives the validation loss over the epochs, and the error on the test rows of the
 * weights with the lowest one.
 */
export async function train(set, subject, seed, learningRate) {
  const model = compiled(set, seed, subject.make({ learningRate }));
  const { train: rows, validation, test, batchSize, checks, epochs } = set;
  const large = { batchSize: 500 };
  const batches = Math.ceil(rows.y.length / batchSize);
  const every = Math.ceil(batches / checks);
  const curve = [];
  let best = { loss: Number.POSITIVE_INFINITY, weights: model.getWeights() };
  let epoch = 0;
  const look = async (done) => {
    const loss = numberOr((await model.evaluate(validation.x, validation.y, large)).loss);
    curve.push({ epoch: done, loss });
    if (loss < best.loss) best = { loss, weights: model.getWeights() };
  };
  await look(0);
  const watch = lambdaCallback({
    onEpochBegin(number) {
      epoch = number;
    },
    async onTrainBatchEnd(batch) {
      const isDue = (batch + 1) % every === 0 || batch + 1 === batches;
      if (isDue) await look(epoch + (batch + 1) / batches);
    },
  });
  await model.fit(rows.x, rows.y, { epochs, batchSize, callbacks: [watch] });
  model.setWeights(best.weights);
  const logs = await model.evaluate(test.x, test.y, large);
  model.dispose();
  return { seed, curve, error: set.error(logs) };
}

/** What the finder suggests; the optimizer's default rate where it finds no fall of the loss. */
async function suggest(set, subject, seed) {
  const model = compiled(set, seed, subject.make());
  const { x, y } = set.train;
  try {
    const sweep = await findLearningRate(model, x, y, { batchSize: set.batchSize });
    return { start: sweep.suggestion, isSuggested: true };
  } catch (error) {
    if (!(error instanceof GradusError)) throw error;
    return { start: model.learningRate, isSuggested: false };
  } finally {
    model.dispose();
  }
}

/** The rate to train with, and what it was chosen from. */
export async function tune(set, subject) {
  const seeds = Array.from({ length: set.tuningSeeds }, (_, i) => firstTuningSeed + i);
  const { start, isSuggested } = await suggest(set, subject, seeds[0]);
  const tried = [];
  for (const factor of factors) {
    const learningRate = Number((start * factor).toPrecision(2));
    const curves = [];
    for (const seed of seeds) curves.push((await train(set, subject, seed, learningRate)).curve);
    tried.push({ learningRate, loss: lowestOf(meanCurve(curves)) });
  }
  const { learningRate } = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
  return { start, isSuggested, tried, learningRate };
}
