// Role: a model that only remembers, to test callbacks without training.
import {
  type Callback,
  CallbackList,
  type CallbackModel,
  type CallbackParams,
  type Logs,
} from "../../ts/callbacks/callback.js";
import { type Tensor, tensor } from "../../ts/data/tensor.js";

/** Its only weight is the number of the epoch it is in. */
export class FakeModel implements CallbackModel {
  stopTraining = false;
  readonly seed = 42;
  learningRate = 0.1;
  iterations = 0;
  epoch = -1;
  restored: number | null = null;

  getWeights(): Record<string, Tensor> {
    return { epoch: tensor(Float32Array.of(this.epoch)) };
  }

  setWeights(weights: Record<string, Tensor>): void {
    this.restored = (weights.epoch as Tensor).data[0] as number;
  }
}

export const params: CallbackParams = { epochs: 10, steps: 1, samples: 32, batchSize: 32 };

/** Runs a loop of one batch per epoch with given epoch logs; stops when asked to. */
export async function run(
  callbacks: Callback[],
  logsOfEpochs: readonly Logs[],
  { model = new FakeModel(), known = params } = {},
): Promise<{ model: FakeModel; epochs: number }> {
  const list = new CallbackList(callbacks, model, known);
  await list.run("onTrainBegin", {});
  let epochs = 0;
  let logs: Logs = {};
  for (const [epoch, given] of logsOfEpochs.entries()) {
    model.epoch = epoch;
    logs = { ...given };
    await list.at("onEpochBegin", epoch, {});
    await list.at("onTrainBatchBegin", 0, {});
    await list.at("onTrainBatchEnd", 0, { loss: given.loss ?? 0 });
    await list.at("onEpochEnd", epoch, logs);
    epochs++;
    if (model.stopTraining) break;
  }
  await list.run("onTrainEnd", logs);
  return { model, epochs };
}
