// Tensors, labels, splits and weights.
import { describe, expect, test } from "vitest";
import { checkClassLabels, checkClassProbabilities, checkWithin } from "../../ts/data/labels.js";
import { type DataLike, type Rows, toRows } from "../../ts/data/rows.js";
import { type ClassWeight, rowWeights, splitPoint, splitRows } from "../../ts/data/split.js";
import { isTensor, tensor } from "../../ts/data/tensor.js";

function rows(data: DataLike): Rows {
  return toRows("fit", data, null, { name: "y" });
}

describe("tensor", () => {
  test("gives nested arrays", () => {
    expect(tensor(Float32Array.of(1, 2, 3, 4), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tensor(Int32Array.of(7), []).toArray()).toBe(7);
    expect(tensor(Uint8Array.of(7)).toArray()).toEqual([7]);
    expect(tensor(new Float32Array(0), [2, 0]).toArray()).toEqual([[], []]);
    expect(tensor(Int32Array.of(7))).toMatchObject({ dtype: "int32", shape: [1] });
    expect(isTensor(tensor(Int32Array.of(7)))).toBe(true);
    expect(isTensor({ shape: [1] })).toBe(false);
  });

  test.each<[unknown, unknown, string]>([
    [new Float32Array(3), [2, 2], "expected 4 elements for the shape [2, 2], received 3"],
    [[1, 2], [2], "received [1, 2]"],
    [new Float32Array(2), 2, "shape to be an array of sizes, received 2"],
    [new Float32Array(2), [-2], "shape[0] to be a whole number >= 0"],
  ])("rejects %o of shape %o", (data, shape, message) => {
    expect(() => tensor(data as Float32Array, shape as number[])).toThrow(message);
  });
});

describe("class labels", () => {
  test("whole numbers of any type pass", () => {
    for (const labels of [Uint8Array.of(0, 9), Float32Array.of(0, 9), [0, 9], [[0], [9]]]) {
      expect(() => checkClassLabels("fit", rows(labels), 10)).not.toThrow();
    }
  });

  test("the first bad row is named, far into the data, too", () => {
    const labels = new Uint8Array(100_000);
    labels[77_777] = 10;
    labels[88_888] = 200;
    expect(() => checkClassLabels("fit", rows(labels), 10)).toThrow(
      "fit: expected y to hold class labels, whole numbers from 0 to 9, received 10 in row 77777. " +
        "Hint: classes are counted from 0: subtract 1 from each label, or give the last layer 11 units.",
    );
  });

  test.each<[DataLike, string]>([
    [[0, -1], "received -1 in row 1. Hint: classes are counted from 0"],
    [[0.5], "received 0.5 in row 0. Hint: class labels must be whole numbers"],
    [[0, 7], "the last layer has 3 units"],
    [[[0.2, 0.3, 0.5]], 'use the loss "categoricalCrossentropy"'],
  ])("rejects %o", (labels, message) => {
    expect(() => checkClassLabels("fit", rows(labels), 3)).toThrow(message);
  });
});

describe("class probabilities", () => {
  test.each<[DataLike]>([
    [
      [
        [0, 1, 0],
        [0.2, 0.3, 0.5],
      ],
    ],
    [tensor(Uint8Array.of(0, 1, 0, 1, 0, 0), [2, 3])],
    [
      [
        [
          [1, 0, 0],
          [0, 1, 0],
        ],
      ],
    ],
  ])("%o pass", (targets) => {
    expect(() => checkClassProbabilities("fit", rows(targets), 3)).not.toThrow();
  });

  test.each<[DataLike, string]>([
    [
      [
        [0, 1, 0],
        [1, 1, 0],
      ],
      "received a sum of 2 in row 1",
    ],
    [[[0, 0, 0]], "received a sum of 0 in row 0"],
    [[[-1, 1, 1]], "values from 0 to 1, received -1 in row 0, column 0"],
    [[0, 1, 2], 'for integer labels use the loss "sparseCategoricalCrossentropy"'],
    [[[0, 1]], "one probability for each of 3 classes, received rows of shape [2]"],
  ])("rejects %o", (targets, message) => {
    expect(() => checkClassProbabilities("fit", rows(targets), 3)).toThrow(message);
  });
});

test("checkWithin names row and value", () => {
  expect(() => checkWithin("fit", rows([0, 1, 2]), 0, 1)).toThrow(
    "fit: expected y to hold values from 0 to 1, received 2 in row 2.",
  );
});

describe("split", () => {
  test("the last rows are held out, as many as in Keras", () => {
    // int(floor(count * (1 - split))) of Keras' train_validation_split.
    expect(splitPoint("fit", 10, 0.2)).toBe(8);
    expect(splitPoint("fit", 10, 0.25)).toBe(7);
    expect(splitPoint("fit", 5, 0.1)).toBe(4);
    const { training, validation } = splitRows(rows([1, 2, 3, 4, 5]), 3);
    const target = new Float32Array(2);
    expect([training.count, validation.count]).toEqual([3, 2]);
    validation.gather(null, 0, 2, target);
    expect([...target]).toEqual([4, 5]);
    validation.gather(Uint32Array.of(1, 0), 0, 2, target);
    expect([...target]).toEqual([5, 4]);
  });

  test.each([
    [1, 0.5, "leaves 0 for training and 1 for validation"],
    [10, 0, "validationSplit to be a finite number > 0 and < 1, received 0"],
    [10, 1, "received 1"],
  ])("rejects %d rows at %d", (count, split, message) => {
    expect(() => splitPoint("fit", count, split)).toThrow(message);
  });
});

describe("row weights", () => {
  const targets = rows([0, 1, 2, 1]);

  test("none, one kind, both", () => {
    expect(rowWeights("fit", 4, {})).toBeNull();
    expect([...(rowWeights("fit", 4, { sampleWeight: [1, 2, 3, 4] }) ?? [])]).toEqual([1, 2, 3, 4]);
    const classWeight = { 1: 5, 2: 0 };
    const both = { sampleWeight: Float64Array.of(1, 2, 3, 4), classWeight, targets, classes: 3 };
    expect([...(rowWeights("fit", 4, both) ?? [])]).toEqual([1, 10, 0, 20]);
  });

  test("classes of one-hot targets", () => {
    const oneHot = rows([
      [0, 1],
      [1, 0],
    ]);
    const weights = rowWeights("fit", 2, { classWeight: { 1: 3 }, targets: oneHot, classes: 2 });
    expect([...(weights ?? [])]).toEqual([3, 1]);
  });

  test.each<[object, string]>([
    [{ sampleWeight: [1, 2] }, "one weight for each of 4 rows, received 2"],
    [{ sampleWeight: [1, 2, -3, 4] }, "weights >= 0, received -3 in row 2"],
    [{ sampleWeight: [1, Number.NaN, 3, 4] }, "received NaN in row 1"],
    [{ classWeight: { 3: 1 } }, "classes from 0 to 2, received the class 3"],
    [{ classWeight: { cat: 1 } }, "received the class cat"],
    [{ classWeight: { 1: -1 } }, "classWeight[1] to be a finite number >= 0, received -1"],
    [{ classWeight: { 1: Number.NaN } }, "received NaN"],
    [{ classWeight: [1, 2, 3] }, "object of weights by class"],
    [{ classWeight: { 0: 1 }, targets: undefined }, "classWeight only with a loss over classes"],
    [{ classWeight: { 0: 1 }, targets: rows([[1, 2]]) }, "only with one class per row"],
  ])("rejects %o", (sources, message) => {
    const given = { targets, classes: 3, ...(sources as { classWeight?: ClassWeight }) };
    expect(() => rowWeights("fit", 4, given)).toThrow(message);
  });
});
