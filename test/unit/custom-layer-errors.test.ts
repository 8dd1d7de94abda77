// What layers of users' own may not return, and that a failed call leaves the model as it was.
import { describe, expect, it } from "vitest";
import {
  customLayer,
  dense,
  input,
  type Layer,
  lambda,
  type Model,
  ops,
  type Sym,
  sequential,
} from "../../ts/index.js";

const bits = (net: Model) =>
  Object.entries(net.getWeights()).map(([name, { shape, data }]) => [name, shape, [...data]]);

let kept: Sym | null = null;
const call = ([x]: readonly [Sym]) => x;
const two = { shape: [2] };
const on = (layer: Layer) => layer(input({ shape: [2] }));

describe("customLayer refuses", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["no options", () => customLayer(undefined as never), /customLayer: expected call to be a fun/],
    ["a kind with blanks", () => customLayer({ kind: "a b", call }), /kind to be a text without/],
    [
      "weights that are no function",
      () => customLayer({ call, weights: {} as never }),
      /weights to be a function/,
    ],
    [
      "5 inputs",
      () => customLayer({ call, inputs: 5 as never }),
      /inputs to be a whole number >= 1 and <= 4/,
    ],
    ["a misspelt option", () => customLayer({ call, weight: 1 } as never), /did you mean weights/],
    [
      "too many inputs",
      () => {
        const x = input({ shape: [2] });
        customLayer({ call, kind: "mine" })([x, x]);
      },
      /mine "mine": expected one input, received 2\. Hint: Say how many/,
    ],
    [
      "a number",
      () => on(customLayer({ call: () => 1 as never })),
      /customLayer "customLayer" \(call\): expected what it returns to be a tensor.*received 1/,
    ],
    ["nothing", () => on(customLayer({ call: () => undefined as never })), /received undefined/],
    [
      "a promise",
      () => on(customLayer({ call: (async () => 1) as never })),
      /a Promise\. Hint: It must not be async/,
    ],
    [
      "a tensor of another call",
      () => {
        on(
          customLayer({
            call: ([x]) => {
              kept = x;
              return x;
            },
          }),
        );
        on(customLayer({ call: () => kept as Sym }));
      },
      /received one of another call\. Hint: Do not keep/,
    ],
    [
      "an operation on a tensor of another call",
      () => {
        on(
          customLayer({
            call: ([x]) => {
              kept = x;
              return x;
            },
          }),
        );
        on(customLayer({ call: ([x]) => ops.add(x, kept as Sym) }));
      },
      /expected tensors of one call/,
    ],
    [
      "a result without the batch",
      () => on(customLayer({ call: ([x]) => ops.mean(x, { axis: 0 }) })),
      /a result of shape \[batch, \.\.\.\], received \[2\]\. Hint: Keep the first axis/,
    ],
    ["a scalar", () => on(customLayer({ call: ([x]) => ops.mean(x) })), /received \[\]/],
    [
      "a NaN shape",
      () => on(customLayer({ call: ([x]) => ops.reshape(x, [null, Number.NaN]) })),
      /as many elements/,
    ],
    [
      "a weight of a NaN shape",
      () => on(customLayer({ call, weights: () => ({ w: { shape: [Number.NaN] } }) })),
      /weight "w": expected shape\[0\] to be a whole number >= 1, received NaN/,
    ],
    [
      "a weight without a shape",
      () => on(customLayer({ call, weights: () => ({ w: {} as never }) })),
      /weight "w": expected shape to be an array/,
    ],
    [
      "weights in an array",
      () => on(customLayer({ call, weights: () => [two] as never })),
      /expected weights to return an object/,
    ],
    [
      "no weights",
      () => on(customLayer({ call, weights: () => undefined as never })),
      /weights to return an object.*undefined/,
    ],
    [
      "a name with a slash",
      () => on(customLayer({ call, weights: () => ({ "a/b": two }) })),
      /names of weights to be a text/,
    ],
    [
      "an unknown initializer",
      () =>
        on(customLayer({ call, weights: () => ({ w: { ...two, initializer: "he" as never } }) })),
      /weight "w": initializer: expected one of/,
    ],
    [
      "an unknown regularizer",
      () => on(customLayer({ call, weights: () => ({ w: { ...two, regularizer: 1 as never } }) })),
      /weight "w": regularizer/,
    ],
    [
      "an unknown constraint",
      () =>
        on(customLayer({ call, weights: () => ({ w: { ...two, constraint: "max" as never } }) })),
      /weight "w": constraint/,
    ],
    [
      "trainable: 1",
      () => on(customLayer({ call, weights: () => ({ w: { ...two, trainable: 1 as never } }) })),
      /weight "w": expected trainable to be true or false/,
    ],
    [
      "a misspelt declaration",
      () => on(customLayer({ call, weights: () => ({ w: { ...two, init: 1 } as never }) })),
      /weight "w": expected only the options/,
    ],
    [
      "a weight that was not declared",
      () =>
        on(
          customLayer({
            weights: () => ({ kernel: two }),
            call: ([x], { weights }) =>
              ops.multiply(x, (weights as never as { kernal: Sym }).kernal),
          }),
        ),
      /one of the weights kernel, received "kernal"\. Hint: Did you mean "kernel"/,
    ],
    [
      "a weight of a layer without",
      () =>
        on(
          customLayer({
            call: ([x], { weights }) => ops.multiply(x, (weights as never as { w: Sym }).w),
          }),
        ),
      /expected no weights, received "w"/,
    ],
    [
      "a misspelt variable",
      () => on(customLayer({ call: ([x]) => ops.add(x, undefined as never) })),
      /expected symbolic tensors and numbers, received undefined/,
    ],
    [
      "a loss that is no scalar",
      () =>
        on(
          customLayer({
            call: ([x], { addLoss }) => {
              addLoss(x);
              return x;
            },
          }),
        ),
      /addLoss to get a scalar, received a tensor of shape \[batch, 2\]/,
    ],
    [
      "a loss that is a number",
      () =>
        on(
          customLayer({
            call: ([x], { addLoss }) => {
              addLoss(1 as never);
              return x;
            },
          }),
        ),
      /expected addLoss to be a tensor made with ops/,
    ],
    [
      "assigning to a trained weight",
      () =>
        on(
          customLayer({
            weights: () => ({ w: two }),
            call: ([x], { assign, weights }) => {
              assign("w", weights.w);
              return x;
            },
          }),
        ),
      /a weight with trainable: false to assign to, received "w"/,
    ],
    [
      "assigning twice",
      () =>
        on(
          customLayer({
            weights: () => ({ w: { ...two, trainable: false } }),
            call: ([x], { assign, weights }) => {
              assign("w", weights.w);
              assign("w", weights.w);
              return x;
            },
          }),
        ),
      /one assignment, received a second one to "w"/,
    ],
    [
      "assigning another shape",
      () =>
        on(
          customLayer({
            weights: () => ({ w: { ...two, trainable: false } }),
            call: ([x], { assign }) => {
              assign("w", x);
              return x;
            },
          }),
        ),
      /a value of shape \[2\] for "w", received \[batch, 2\]/,
    ],
    [
      "assigning to nothing",
      () =>
        on(
          customLayer({
            call: ([x], { assign }) => {
              assign("w" as never, x);
              return x;
            },
          }),
        ),
      /expected no weights, received "w"/,
    ],
    [
      "a dropout rate of 1",
      () => on(customLayer({ call: ([x], { dropout }) => dropout(x, 1) })),
      /rate to be a finite number >= 0 and < 1/,
    ],
    [
      "features of single numbers",
      () => {
        const sums = lambda({ call: (x) => ops.sum(x, { axis: -1 }) })(input({ shape: [2] }));
        customLayer({ call, weights: ([x]) => ({ w: { shape: [x.features] } }) })(sums);
      },
      /expected an input \[batch, \.\.\., features\]/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it("weights that change from call to call", () => {
    let name = "first";
    const layer = customLayer({ call, weights: () => ({ [name]: two }) });
    sequential({ inputShape: [2], layers: [layer] });
    name = "second";
    expect(() => on(layer)).toThrow(
      /has the weights it was built with, first, received one.*second/,
    );
  });

  it("another shape in training, and leaves the model as it was", async () => {
    const layer = customLayer({
      call: ([x], { training }) => (training ? ops.sum(x, { axis: -1, keepDims: true }) : x),
    });
    const net = sequential({ inputShape: [2], layers: [layer, dense({ units: 1 })] });
    const before = bits(net);
    expect(() => net.compile({ optimizer: "sgd", loss: "mse" })).toThrow(
      /customLayer "customLayer": expected a result of shape \[batch, 2\] in training, too/,
    );
    expect(() => net.iterations).not.toThrow();
    await expect(net.fit([[1, 2]], [1])).rejects.toThrow(/a compiled model/);
    // A loss of one's own is traced with the first data only.
    net.compile({ optimizer: "sgd", loss: (yTrue, yPred) => ops.squaredDifference(yTrue, yPred) });
    await expect(net.fit([[1, 2]], [1])).rejects.toThrow(/in training, too/);
    expect(bits(net)).toEqual(before);
    expect(net.iterations).toBe(0);
  });
});
