// Merging layers: outputs and gradients as in Keras; what they refuse.
import { describe, expect, it } from "vitest";
import {
  add,
  average,
  concatenate,
  dense,
  dot,
  GradusError,
  input,
  type Layer,
  maximum,
  minimum,
  model,
  multiply,
  subtract,
} from "../../ts/index.js";
import { sum, multiply as times } from "../../ts/ops.js";
import { readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const factories: Record<string, (options: never) => Layer> = {
  add,
  subtract,
  multiply,
  average,
  maximum,
  minimum,
  concatenate,
  dot,
};

describe("merging layers", () => {
  it.each(readGolden("merge").cases)("$name as in Keras", async (golden) => {
    const { kind } = golden.extra as { kind: string };
    const layer = factories[kind]?.(golden.options as never) as Layer;
    const names = golden.names.filter((name) => name.startsWith("input"));
    const given = Object.fromEntries(
      ["upstream", ...names].map((name) => [name, golden.tensor(name)]),
    );
    const { outputs, shapes, gradients } = await trial(given, ({ upstream, ...syms }) => {
      const context = { training: true, trainable: true, stream: 0 };
      const output = layer.definition.call(context as never, Object.values(syms));
      return { outputs: { output }, loss: sum(times(output, upstream as never)) };
    });
    expect(shapes.output).toEqual(golden.tensor("output").shape);
    const close = { tolerance: 1e-5, floor: 0.1 };
    expectClose(outputs.output ?? [], golden.float32("output"), close);
    for (const [i, name] of names.entries()) {
      expectClose(gradients[name] ?? [], golden.float32(`gradient${i}`), { ...close, what: name });
    }
  });
  it("work over batches of any size", async () => {
    const x = input({ shape: [2] });
    const outputs = concatenate()([add()([x, x]), dot({ axes: 1 })([x, x])]);
    expect(outputs.shape).toEqual([null, 3]);
    const net = model({ inputs: x, outputs });
    const rows = [
      [1, 2],
      [3, 4],
      [0, 1],
    ];
    const predicted = await net.predict(rows, { batchSize: 2 });
    expect(predicted.toArray()).toEqual([
      [2, 4, 5],
      [6, 8, 25],
      [0, 2, 1],
    ]);
  });
  const a = input({ shape: [2] });
  const b = input({ shape: [3] });
  it.each([
    ["one tensor", () => add()(a), /^add: expected an array of at least 2 tensors, received one/],
    ["three for two", () => subtract()([a, a, a]), /an array of 2 tensors, received 3/],
    [
      "shapes that differ",
      () => add()([a, b as never]),
      /add "add".*\[batch, 2\] and \[batch, 3\]/,
    ],
    ["lengths that differ", () => dot({ axes: 1 })([a, b]), /one length, received 2 and 3/],
    ["the batch axis", () => concatenate({ axis: 0 })([a, b]), /axis from 1 to 1.*received axis 0/],
    ["no axes", () => dot({} as never), /^dot: expected axes/],
    ["an option", () => add({ axis: 1 } as never), /unknown option "axis"/],
    ["a layer", () => add()([a, dense({ units: 2 }) as never]), /input 1 .*Call that layer/],
  ])("refuse %s", (_, call, message) => {
    expect(call).toThrow(GradusError);
    expect(call).toThrow(message);
  });
});
