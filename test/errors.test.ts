// The words of errors: what is near, what is out of range, what a value is called.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "../ts/data/tensor.js";
import {
  checkBoolean,
  checkNumber,
  checkOneOf,
  checkOptions,
  describe as describeValue,
  fail,
  GradusError,
  nearest,
} from "../ts/errors.js";

test("an error says where, what was expected, what was received, and a hint", () => {
  const error = new GradusError('dense "d"', { expected: "3", received: "4", hint: "Try 3." });
  expect(error.message).toBe('dense "d": expected 3, received 4. Hint: Try 3.');
  expect(error).toMatchObject({ where: 'dense "d"', expected: "3", received: "4", hint: "Try 3." });
  expect(error.name).toBe("GradusError");
  expect(() => fail("x", { expected: "1", received: "2" })).toThrow(
    /^x: expected 1, received 2\.$/,
  );
});

const optimizers = ["sgd", "adam", "adamW", "adamax", "nadam", "rmsprop", "adagrad", "lion"];
const losses = [
  "meanSquaredError",
  "binaryCrossentropy",
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  "huber",
];

describe("nearest", () => {
  test.each([
    ["Adam_W", optimizers, "adamW"],
    ["ADAM-W", optimizers, "adamW"],
    ["adm", optimizers, "adam"],
    ["rmsporp", optimizers, "rmsprop"],
    ["RMSProp", optimizers, "rmsprop"],
    ["cross_entropy", losses, "binaryCrossentropy"],
    ["sparse_categorical_crossentropy", losses, "sparseCategoricalCrossentropy"],
    ["sparseCategoricalCrossEntropy", losses, "sparseCategoricalCrossentropy"],
    ["mse", losses, "meanSquaredError"],
    ["lr", ["learningRate", "momentum"], "learningRate"],
    ["learning_rate", ["learningRate", "momentum"], "learningRate"],
    ["batchSzie", ["epochs", "batchSize"], "batchSize"],
    ["minimum", ["auto", "min", "max"], "min"],
  ])("%s", (name, known, wanted) => {
    expect(nearest(name, known)).toBe(wanted);
  });

  test.each(["", "_", "x", "quux", "transformer"])("nothing is near %j", (name) => {
    expect(nearest(name, optimizers)).toBeUndefined();
  });

  test("a known name is nearest to itself, one slip away, too", () => {
    const letters = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz");
    fc.assert(
      fc.property(fc.constantFrom(...losses), fc.nat(), letters, (name, at, letter) => {
        expect(nearest(name, losses)).toBe(name);
        const i = at % name.length;
        expect(nearest(name.slice(0, i) + letter + name.slice(i + 1), losses)).toBe(name);
      }),
    );
  });
});

test("checkOneOf", () => {
  expect(checkOneOf("compile: optimizer", "adam", optimizers)).toBe("adam");
  expect(() => checkOneOf("compile: optimizer", "Adam", ["adam", "sgd"])).toThrow(
    'compile: optimizer: expected one of "adam" or "sgd", received "Adam". Hint: did you mean "adam"?',
  );
  expect(() => checkOneOf("x", 3, ["a"])).toThrow('x: expected "a", received 3.');
});

describe("checkNumber", () => {
  test.each<[unknown, object, string]>([
    [Number.NaN, {}, "expected rate to be a finite number, received NaN"],
    [Number.POSITIVE_INFINITY, {}, "received Infinity"],
    ["0.5", {}, 'received "0.5". Hint: pass the number 0.5 instead of a string.'],
    ["", {}, 'received "".'],
    [null, {}, "received null"],
    [undefined, { min: 0 }, "a finite number >= 0, received undefined"],
    [-1, { min: 0 }, ">= 0"],
    [0, { exclusiveMin: 0 }, "> 0"],
    [2, { min: 0, max: 1 }, ">= 0 and <= 1"],
    [1, { exclusiveMax: 1 }, "< 1"],
    [1.5, { integer: true }, "a whole number"],
    [2n, {}, "received 2n"],
  ])("rejects %o with %o", (value, limits, message) => {
    expect(() => checkNumber("dropout", "rate", value, limits)).toThrow(message);
  });

  test("accepts the bounds", () => {
    expect(checkNumber("w", "x", 0, { min: 0, max: 1 })).toBe(0);
    expect(checkNumber("w", "x", 1, { min: 0, max: 1, integer: true })).toBe(1);
  });
});

test("checkOptions", () => {
  expect(() => checkOptions("adam", { learning_rate: 1 }, ["learningRate", "beta1"])).toThrow(
    'adam: expected only the options learningRate, beta1, received the unknown option "learning_rate". ' +
      "Hint: did you mean learningRate?",
  );
  expect(checkOptions("adam", undefined, ["a"])).toEqual({});
  expect(() => checkOptions("adam", 0.1, ["a"])).toThrow("expected an object of options");
  expect(() => checkOptions("adam", null, ["a"])).toThrow("received null");
  expect(() => checkOptions("flatten", { a: 1 }, [])).toThrow("expected no options");
});

test("checkBoolean", () => {
  expect(checkBoolean("x", "nesterov", true)).toBe(true);
  expect(() => checkBoolean("x", "nesterov", "true")).toThrow(
    'x: expected nesterov to be true or false, received "true".',
  );
});

test.each<[unknown, string]>([
  [undefined, "undefined"],
  [null, "null"],
  [-0, "-0"],
  ["a", '"a"'],
  ["x".repeat(100), `"${"x".repeat(57)}…"`],
  [Math.max, "the function max"],
  [[], "an empty array"],
  [[1, "a", null], '[1, "a", null]'],
  [Array(10).fill(0), "an array of 10 elements [0, 0, 0, 0, 0, 0, …]"],
  [[[1, 2], [3]], "an array of 2 elements, the first being [1, 2]"],
  [new Float32Array(784), "a Float32Array of 784 numbers"],
  [new Int32Array(3), "an Int32Array of 3 numbers"],
  [tensor(new Float32Array(6), [2, 3]), "a float32 tensor of shape [2, 3]"],
  [new Map(), "a Map"],
  [{}, "an empty object"],
  [{ a: 1, b: 2 }, "an object with the keys a, b"],
  [Object.create(null), "an empty object"],
])("%o is called %s", (value, text) => {
  expect(describeValue(value)).toBe(text);
});
