// The order of callbacks, what they cost, and mistakes in them.
import { expect, test } from "vitest";
import { type Callback, CallbackList } from "../../ts/callbacks/callback.js";
import { lambdaCallback } from "../../ts/callbacks/lambdaCallback.js";
import { FakeModel, params } from "./fake-model.js";

function list(...callbacks: Callback[]): CallbackList {
  return new CallbackList(callbacks, new FakeModel(), params);
}

test("hooks are called in order and synchronous ones give no promise", () => {
  const calls: string[] = [];
  const callbacks = list(
    { onTrainBatchEnd: (batch, logs) => void calls.push(`a${batch} ${logs.loss}`) },
    { onEpochEnd: () => void calls.push("never") },
    { onTrainBatchEnd: (batch) => void calls.push(`b${batch}`) },
  );
  expect(callbacks.at("onTrainBatchEnd", 3, { loss: 1 })).toBeUndefined();
  expect(callbacks.at("onTestBatchEnd", 3, {})).toBeUndefined();
  expect(calls).toEqual(["a3 1", "b3"]);
  expect(callbacks.has("onTrainBatchEnd")).toBe(true);
  expect(callbacks.has("onTrainBatchBegin")).toBe(false);
});

test("an asynchronous hook ends before the next begins", async () => {
  const calls: string[] = [];
  const callbacks = list(
    {
      async onEpochEnd() {
        await new Promise((resolve) => setTimeout(resolve, 5));
        calls.push("slow");
      },
    },
    { onEpochEnd: () => void calls.push("fast") },
  );
  const result = callbacks.at("onEpochEnd", 0, {});
  expect(result).toBeInstanceOf(Promise);
  await result;
  expect(calls).toEqual(["slow", "fast"]);
});

test("what one hook adds to the logs, those after it see", () => {
  let seen: number | undefined;
  const callbacks = list(
    {
      onEpochEnd: (_, logs) => {
        logs.f1 = 0.5;
      },
    },
    {
      onEpochEnd: (_, logs) => {
        seen = logs.f1;
      },
    },
  );
  callbacks.at("onEpochEnd", 0, {});
  expect(seen).toBe(0.5);
});

test("hooks keep their `this`", () => {
  class Counter implements Callback {
    count = 0;
    onTrainBatchEnd(): void {
      this.count++;
    }
  }
  const counter = new Counter();
  list(counter).at("onTrainBatchEnd", 0, {});
  expect(counter.count).toBe(1);
});

test("setParams and setModel come first", () => {
  const calls: unknown[] = [];
  const model = new FakeModel();
  new CallbackList(
    [{ setParams: (given) => calls.push(given), setModel: (given) => calls.push(given) }],
    model,
    params,
  );
  expect(calls).toEqual([params, model]);
});

test.each<[string, unknown, RegExp]>([
  ["a factory not called", lambdaCallback, /callbacks\[0\] to be an object.*call it: lambda/],
  ["a misspelt hook", { onEpochend: () => {} }, /"onEpochend".*did you mean onEpochEnd/],
  ["a hook in snake case", { on_epoch_end: () => {} }, /did you mean onEpochEnd/],
  ["no function", { onEpochEnd: 3 }, /onEpochEnd to be a function, received 3/],
  ["null", null, /received null/],
])("%s is an error", (_, callback, message) => {
  expect(() => list(callback as Callback)).toThrow(message);
});

test("members of another kind are the callback's own", () => {
  const callback = { onset: 3, onEpochEnd: () => {}, settings: {} };
  expect(() => list(callback)).not.toThrow();
});

test("lambdaCallback finds mistakes where they are written", () => {
  expect(() => lambdaCallback({ onEpochStart: () => {} } as Callback)).toThrow(
    'received the unknown option "onEpochStart"',
  );
  const hook = () => {};
  expect(lambdaCallback({ onEpochEnd: hook }).onEpochEnd).toBe(hook);
});
