// The bytes of the wire format: numbers, texts, and a whole small graph.
import { describe, expect, it } from "vitest";
import { GraphBuilder } from "../../ts/graph.js";
import { add, matmul, mean, multiply } from "../../ts/ops.js";
import { batchOf } from "../../ts/shape.js";
import { ByteWriter } from "../../ts/wire.js";

const bytes = (write: (writer: ByteWriter) => unknown) => {
  const writer = new ByteWriter();
  write(writer);
  return [...writer.finish()];
};

describe("values", () => {
  it("unsigned numbers are LEB128", () => {
    expect(bytes((w) => w.unsigned(0).unsigned(127).unsigned(128).unsigned(300))).toEqual([
      0, 127, 0x80, 1, 0xac, 2,
    ]);
    expect(bytes((w) => w.unsigned(2 ** 32))).toEqual([0x80, 0x80, 0x80, 0x80, 0x10]);
    expect(() => bytes((w) => w.unsigned(-1))).toThrow(RangeError);
    expect(() => bytes((w) => w.unsigned(0.5))).toThrow(RangeError);
  });
  it("signed numbers are zigzag", () => {
    expect(bytes((w) => w.signed(0).signed(-1).signed(1).signed(-2))).toEqual([0, 1, 2, 3]);
  });
  it("texts have their length in bytes in front", () => {
    expect(bytes((w) => w.text("aä"))).toEqual([3, 0x61, 0xc3, 0xa4]);
  });
  it("floats are little endian", () => {
    expect(bytes((w) => w.float(1))).toEqual([0, 0, 0x80, 0x3f]);
  });
  it("dims are factor and symbol", () => {
    expect(bytes((w) => w.dims(batchOf([784])))).toEqual([2, 1, 1, 0x90, 6, 0]);
  });
  it("the buffer grows", () => {
    expect(bytes((w) => w.text("x".repeat(5000))).length).toBe(5002);
  });
});

describe("graphs", () => {
  it("holds only what is needed, in order, with origins", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", batchOf([2]));
    const kernel = { name: "k", shape: [2, 3], id: 7 };
    graph.within('dense "d"', () => {
      matmul(x, graph.variable({ name: "unused", shape: [2, 3], id: 9 }));
    });
    const y = graph.within('dense "d"', () => matmul(x, graph.variable(kernel)));
    const head = [...new TextEncoder().encode("GRA1")];
    const origin = [...new TextEncoder().encode('dense "d"')];
    expect([...graph.encode({ outputs: { y }, train: null }).wire]).toEqual([
      ...head,
      ...[2, 0, origin.length, ...origin],
      ...[3, 1, 0, 0, 1, 0x78, 0, 2, 1, 1, 2, 0],
      ...[2, 1, 0, 7],
      ...[5, 1, 2, 0, 0, 1, 0, 0],
      ...[1, 1, 0x79, 2, 0],
      ...[0, 0, 0],
    ]);
  });
  it.each([
    ["without norms of gradients", null, [0]],
    ["with norms of gradients", { name: "norms", shape: [1], id: 9 }, [1, 9]],
  ])("writes the training part %s", (_, gradientNorms, norms) => {
    const graph = new GraphBuilder();
    const x = graph.input("x", batchOf([]));
    const w = { name: "w", shape: [], id: 1 };
    const slot = { name: "s", shape: [], id: 2 };
    const loss = mean(multiply(x, graph.variable(w)));
    const learningRate = graph.input("r", []);
    const { wire } = graph.encode({
      outputs: {},
      train: {
        loss,
        learningRate,
        momentum: null,
        rule: "momentum",
        hyperparameters: [0.5],
        clip: { kind: "norm", limit: 1 },
        gradientNorms,
        accumulation: { kind: "finish", steps: 3 },
        trainables: [
          {
            variable: w,
            learningRateMultiplier: 1,
            weightDecay: 0,
            slots: [slot],
            accumulator: { name: "a", shape: [], id: 3 },
          },
        ],
      },
    });
    const one = [0, 0, 0x80, 0x3f];
    const half = [0, 0, 0, 0x3f];
    const tail = [1, 3, 0, 4, 0, 8, ...new TextEncoder().encode("momentum"), 1, ...half];
    const trained = [1, 1, ...one, 0, 0, 0, 0, 1, 2, 3];
    const expected = [0, 0, ...tail, 2, ...one, 2, 3, ...norms, ...trained, 0];
    expect([...wire].slice(-expected.length)).toEqual(expected);
  });
  it("gives one symbol for one input and one variable", () => {
    const graph = new GraphBuilder();
    const w = { name: "w", shape: [2], id: 0 };
    expect(graph.variable(w)).toBe(graph.variable(w));
    expect(graph.input("x", [])).toBe(graph.input("x", []));
  });
  it("names the place in errors", () => {
    const graph = new GraphBuilder();
    const x = graph.input("x", batchOf([2]));
    const y = graph.input("y", batchOf([3]));
    expect(() => graph.within('loss "mine"', () => add(x, y))).toThrow(
      'loss "mine" (add): expected two shapes that broadcast together, received [batch, 2] and [batch, 3].',
    );
  });
});
