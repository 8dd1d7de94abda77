// What the progress bar writes in a terminal, in a log file, and with nobody's stream.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CallbackList, type CallbackParams } from "../../ts/callbacks/callback.js";
import { durationText, numberText, speedText } from "../../ts/callbacks/progress-text.js";
import { type ProgressBarOptions, progressBar } from "../../ts/callbacks/progressBar.js";
import { FakeModel } from "./fake-model.js";

let time = 0;
beforeEach(() => {
  time = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => time);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const params: CallbackParams = { epochs: 2, steps: 4, samples: 110, batchSize: 32 };

/** Two epochs of four steps of 0.5 s, and 1 s of validation after each. */
function train(options: ProgressBarOptions, known: Partial<CallbackParams> = {}): string {
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const bar = progressBar({ write, unicode: false, width: 8, ...options });
  const list = new CallbackList([bar], new FakeModel(), { ...params, ...known });
  list.run("onTrainBegin", {});
  for (let epoch = 0; epoch < 2; epoch++) {
    list.at("onEpochBegin", epoch, {});
    for (let batch = 0; batch < 4; batch++) {
      time += 500;
      list.at("onTrainBatchEnd", batch, { loss: 1 / (batch + 1) });
    }
    list.run("onTestBegin", {});
    time += 1000;
    list.at("onTestBatchEnd", 0, {});
    list.run("onTestEnd", { loss: 0.5 });
    list.at("onEpochEnd", epoch, { loss: 0.25, valLoss: 0.5 });
  }
  list.run("onTrainEnd", {});
  return text;
}

describe("without a terminal", () => {
  test("each epoch is one line without control characters", () => {
    expect(train({})).toBe(
      "Epoch 1/2  loss 0.2500  valLoss 0.5000  55 samples/s  3.00 s  3.00 s left\n" +
        "Epoch 2/2  loss 0.2500  valLoss 0.5000  55 samples/s  3.00 s\n",
    );
  });

  test("nothing need be known beforehand", () => {
    expect(train({}, { steps: null, samples: null })).toBe(
      "Epoch 1/2  loss 0.2500  valLoss 0.5000  64 samples/s  3.00 s  3.00 s left\n" +
        "Epoch 2/2  loss 0.2500  valLoss 0.5000  64 samples/s  3.00 s\n",
    );
  });
});

describe("in a terminal", () => {
  test("one line is written over and over and the last one stays", () => {
    const lines = train({ isTTY: true }).split("\r").slice(1);
    const end = "\u001b[K";
    expect(lines.slice(0, 6)).toEqual([
      `Epoch 1/2  [==......]  1/4  loss 1.0000${end}`,
      `Epoch 1/2  [====....]  2/4  loss 0.5000  64 samples/s  3.00 s left${end}`,
      `Epoch 1/2  [======..]  3/4  loss 0.3333  64 samples/s  2.50 s left${end}`,
      `Epoch 1/2  [========]  4/4  loss 0.2500  64 samples/s  2.00 s left${end}`,
      `Epoch 1/2  [========]  4/4  validating, batch 1${end}`,
      `Epoch 1/2  [========]  4/4  loss 0.2500  valLoss 0.5000  55 samples/s  3.00 s${end}\n`,
    ]);
    expect(lines.length).toBe(12);
  });

  test("it is not written more often than the interval says", () => {
    expect(train({ isTTY: true, interval: 1500 }).split("\r").length - 1).toBe(2 + 2 + 2);
  });

  test.each([
    [200, 8, 8, "accuracy 0.5000"],
    [80, 60, 33, "accuracy 0.5000"],
    [40, 60, 6, "loss 1.0000  ac"],
  ])("in %d columns the bar gives way, then the end", (columns, width, barLength, end) => {
    let text = "";
    const stream = {
      isTTY: true,
      columns,
      write: (part: string) => {
        text = part;
      },
    };
    const list = new CallbackList(
      [progressBar({ stream, isTTY: true, unicode: true, width })],
      new FakeModel(),
      { ...params, steps: 4 },
    );
    list.run("onTrainBegin", {});
    list.at("onEpochBegin", 0, {});
    time += 500;
    list.at("onTrainBatchEnd", 0, { loss: 1, accuracy: 0.5 });
    const shown = text.slice(1, -"\u001b[K".length);
    expect(shown.length).toBeLessThan(columns);
    expect(/[━╌]+/.exec(shown)?.[0].length).toBe(barLength);
    expect(shown.endsWith(end)).toBe(true);
  });
});

test("evaluation and prediction have a line of their own", () => {
  let text = "";
  const bar = progressBar({
    write: (part) => {
      text += part;
    },
  });
  const list = new CallbackList([bar], new FakeModel(), { ...params, epochs: 1 });
  list.run("onTestBegin", {});
  time += 2000;
  list.at("onTestBatchEnd", 3, { loss: 1 });
  list.run("onTestEnd", { loss: 0.5 });
  list.run("onPredictBegin", {});
  time += 1000;
  list.at("onPredictBatchEnd", 3, {});
  list.run("onPredictEnd", {});
  expect(text).toBe("loss 0.5000  55 samples/s  2.00 s\n110 samples/s  1.00 s\n");
});

test("numbers, times and speeds are short", () => {
  expect([0, 0.12345, 1.2e-5, 123456, -0.5, Number.NaN].map(numberText)).toEqual([
    "0.0000",
    "0.1235",
    "1.20e-5",
    "1.23e+5",
    "-0.5000",
    "NaN",
  ]);
  expect([0.003, 9.99, 12.34, 59.96, 125, 3725].map(durationText)).toEqual([
    "0.00 s",
    "9.99 s",
    "12.3 s",
    "1:00 min",
    "2:05 min",
    "1:02:05 h",
  ]);
  expect([3.14, 61004.4].map(speedText)).toEqual(["3.1 samples/s", "61,004 samples/s"]);
});

test.each<[object, string]>([
  [{ width: 0 }, "width to be a whole number >= 1"],
  [{ write: "stdout" }, 'write to be a function, received "stdout"'],
  [{ stream: {} }, "stream to have a write function"],
  [{ tty: true }, 'option "tty"'],
])("rejects %o", (options, message) => {
  expect(() => progressBar(options as ProgressBarOptions)).toThrow(message);
});
