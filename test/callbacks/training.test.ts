// The callbacks that act on training, beyond what the goldens show.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallbackList } from "../../ts/callbacks/callback.js";
import { csvLogger } from "../../ts/callbacks/csvLogger.js";
import { earlyStopping } from "../../ts/callbacks/earlyStopping.js";
import { HistoryRecorder } from "../../ts/callbacks/history.js";
import {
  learningRateScheduler,
  reduceLearningRateOnPlateau,
} from "../../ts/callbacks/learningRate.js";
import { terminateOnNaN } from "../../ts/callbacks/terminateOnNaN.js";
import { type Tensor, tensor } from "../../ts/data/tensor.js";
import { FakeModel, params, run } from "./fake-model.js";

function losses(...values: number[]): { loss: number; valLoss: number }[] {
  return values.map((value) => ({ loss: value, valLoss: value }));
}

let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("earlyStopping", () => {
  test("keeps no weights unless asked to", async () => {
    const model = new FakeModel();
    const getWeights = vi.spyOn(model, "getWeights");
    const stopping = earlyStopping();
    await run([stopping], losses(1, 0.5, 0.6), { model });
    expect(getWeights).not.toHaveBeenCalled();
    expect(model.restored).toBeNull();
    expect(stopping).toMatchObject({ stoppedEpoch: 2, bestEpoch: 1, best: 0.5 });
  });

  test("can be used again", async () => {
    const stopping = earlyStopping({ restoreBestWeights: true });
    await run([stopping], losses(0.1, 0.2));
    const { model } = await run([stopping], losses(1, 0.9, 0.8));
    expect(model.stopTraining).toBe(false);
    expect(model.restored).toBe(2);
    expect(stopping.stoppedEpoch).toBeNull();
  });

  test("any number beats a first NaN", async () => {
    const { model } = await run(
      [earlyStopping({ patience: 2, restoreBestWeights: true })],
      losses(Number.NaN, 0.8, 0.9),
    );
    expect(model.restored).toBe(1);
  });

  test("restores the optimizer on request", async () => {
    const model = Object.assign(new FakeModel(), {
      saveState: () => ({ slot: tensor(Float32Array.of(model.epoch)) }),
      restoreState: (state: Record<string, Tensor>) => {
        model.restored = 100 + ((state.slot as Tensor).data[0] as number);
      },
    });
    const options = { patience: 1, restoreBestWeights: true, restoreOptimizerState: true };
    await run([earlyStopping(options)], losses(1, 0.5, 0.6), { model });
    expect(model.restored).toBe(101);
    await expect(run([earlyStopping(options)], [])).rejects.toThrow("can save its state");
  });

  test("says what it does when asked to", async () => {
    await run([earlyStopping({ verbose: true, restoreBestWeights: true })], losses(1, 0.5, 0.6));
    expect(printed).toBe("Epoch 3: early stopping\nRestoring the weights of the best epoch: 2\n");
  });

  test("infers the direction from the name", async () => {
    const rising = [{ valAccuracy: 0.1 }, { valAccuracy: 0.2 }, { valAccuracy: 0.3 }];
    const { model } = await run([earlyStopping({ monitor: "valAccuracy" })], rising);
    expect(model.stopTraining).toBe(false);
    expect(() => earlyStopping({ monitor: "valWhatever" })).toThrow('pass mode: "min"');
  });

  test("finds a wrong monitor before training where the logs are known", () => {
    const start = (monitor: string, metrics: string[]) => () =>
      new CallbackList([earlyStopping({ monitor })], new FakeModel(), { ...params, metrics });
    const withoutVal = ["loss", "accuracy"];
    const withVal = [...withoutVal, "valLoss", "valAccuracy"];
    expect(start("val_loss", withVal)).toThrow('did you mean "valLoss"?');
    expect(start("valLoss", withoutVal)).toThrow(
      'earlyStopping: expected monitor to be one of the logs loss, accuracy, received "valLoss". ' +
        'Hint: pass validationData or validationSplit to fit, or watch "loss".',
    );
    expect(start("valLoss", withVal)).not.toThrow();
    // Another callback may add it.
    expect(start("valF1Score", withoutVal)).not.toThrow();
  });

  test("finds a wrong monitor after the first epoch at the latest", async () => {
    await expect(run([earlyStopping({ monitor: "vloss" })], losses(1))).rejects.toThrow(
      'received "vloss"',
    );
  });

  test.each<[object, string]>([
    [{ patience: -1 }, "patience to be a whole number >= 0, received -1"],
    [{ patience: 1.5 }, "patience to be a whole number"],
    [{ mode: "minimum" }, 'did you mean "min"?'],
    [{ restore_best_weights: true }, "did you mean restoreBestWeights?"],
    [{ minDelta: Number.NaN }, "minDelta to be a finite number, received NaN"],
    [{ restoreOptimizerState: true }, "only together with restoreBestWeights"],
    [{ restoreBestWeights: 1 }, "restoreBestWeights to be true or false, received 1"],
  ])("rejects %o", (options, message) => {
    expect(() => earlyStopping(options)).toThrow(message);
  });
});

describe("learning rate", () => {
  test("learningRateScheduler sets and logs it", async () => {
    const history = new HistoryRecorder();
    const scheduler = learningRateScheduler((epoch, rate) => (epoch === 0 ? rate : rate / 2));
    const { model } = await run([scheduler, history], losses(1, 1, 1));
    expect(model.learningRate).toBe(0.025);
    expect(history.history.learningRate).toEqual([0.1, 0.05, 0.025]);
  });

  test("learningRateScheduler rejects what is no learning rate", async () => {
    const bad = learningRateScheduler(() => Number.NaN);
    await expect(run([bad], losses(1))).rejects.toThrow("the learning rate of epoch 0");
    expect(() => learningRateScheduler(0.1 as never)).toThrow("expected a function");
  });

  test("reduceLearningRateOnPlateau rejects bad options", () => {
    expect(() => reduceLearningRateOnPlateau({ factor: 1 })).toThrow(
      "factor to be a finite number > 0 and < 1, received 1",
    );
    expect(() => reduceLearningRateOnPlateau({ minLR: 1 } as never)).toThrow('option "minLR"');
  });

  test("reduceLearningRateOnPlateau can be used again", async () => {
    const callback = reduceLearningRateOnPlateau({ patience: 1 });
    await run([callback], losses(0.1, 0.2));
    const { model } = await run([callback], losses(1, 0.9, 0.8));
    expect(model.learningRate).toBe(0.1);
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("terminateOnNaN ends at %d", async (loss) => {
  const { model, epochs } = await run([terminateOnNaN()], losses(1, loss, 0.5));
  expect(model.stopTraining).toBe(true);
  expect(epochs).toBe(2);
  expect(printed).toContain(`the loss is ${loss}`);
});

test("the history holds every epoch and what other callbacks add", async () => {
  const history = new HistoryRecorder();
  await run([history], losses(3, 2));
  expect(history.epoch).toEqual([0, 1]);
  expect(history.history).toEqual({ loss: [3, 2], valLoss: [3, 2] });
  expect(history.params).toBe(params);
});

test("csvLogger writes what Keras' CSVLogger does", async () => {
  let text = "";
  const write = (line: string) => {
    text += line;
  };
  await run([csvLogger({ write })], [{ loss: 1, accuracy: 0.5 }, { loss: 0.25 }]);
  expect(text).toBe("epoch,accuracy,loss\n0,0.5,1\n1,NA,0.25\n");
  text = "";
  await run([csvLogger({ write, append: true, separator: ";" })], [{ loss: 1 }]);
  expect(text).toBe("0;1\n");
  expect(() => csvLogger({} as never)).toThrow("write to be a function, received undefined");
});
