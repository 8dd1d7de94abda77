// Operations of the public `ops`: shapes, values against plain JavaScript, gradients against
// differences, and errors.
import { describe, expect, it } from "vitest";
import { GraphBuilder, type Sym } from "../../ts/graph.js";
import * as ops from "../../ts/ops.js";
import { batchOf } from "../../ts/shape.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const numbers = (count: number, shift = 0) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + shift) * 2 + 0.1);
const a = { shape: [3, 5], data: numbers(15) };
const b = { shape: [5], data: numbers(5, 1) };
const positive = { shape: [3, 5], data: numbers(15).map((value) => Math.abs(value) + 0.2) };

type Unary = (x: Sym) => Sym;
type Binary = (x: ops.Operand, y: ops.Operand) => Sym;

const unaryCases: [string, Unary, (x: number) => number][] = [
  ["negative", ops.negative, (x) => -x],
  ["absolute", ops.absolute, Math.abs],
  ["square", ops.square, (x) => x * x],
  ["exp", ops.exp, Math.exp],
  ["expm1", ops.expm1, Math.expm1],
  ["sign", ops.sign, Math.sign],
  ["floor", ops.floor, Math.floor],
  ["ceil", ops.ceil, Math.ceil],
];
const positiveCases: [string, Unary, (x: number) => number][] = [
  ["sqrt", ops.sqrt, Math.sqrt],
  ["rsqrt", ops.rsqrt, (x) => 1 / Math.sqrt(x)],
  ["reciprocal", ops.reciprocal, (x) => 1 / x],
  ["log", ops.log, Math.log],
  ["log1p", ops.log1p, Math.log1p],
];
const binaryCases: [string, Binary, (x: number, y: number) => number][] = [
  ["add", ops.add, (x, y) => x + y],
  ["subtract", ops.subtract, (x, y) => x - y],
  ["multiply", ops.multiply, (x, y) => x * y],
  ["divide", ops.divide, (x, y) => x / y],
  ["minimum", ops.minimum, Math.min],
  ["maximum", ops.maximum, Math.max],
  ["squaredDifference", ops.squaredDifference, (x, y) => (x - y) ** 2],
  ["equal", ops.equal, (x, y) => Number(x === y)],
  ["notEqual", ops.notEqual, (x, y) => Number(x !== y)],
  ["greater", ops.greater, (x, y) => Number(x > y)],
  ["greaterEqual", ops.greaterEqual, (x, y) => Number(x >= y)],
  ["less", ops.less, (x, y) => Number(x < y)],
  ["lessEqual", ops.lessEqual, (x, y) => Number(x <= y)],
  ["logicalAnd", ops.logicalAnd, (x, y) => Number(x !== 0 && y !== 0)],
  ["logicalOr", ops.logicalOr, (x, y) => Number(x !== 0 || y !== 0)],
];

describe("elementwise operations", () => {
  for (const [name, op, f] of [...unaryCases, ...positiveCases]) {
    it(name, async () => {
      const x = positiveCases.some(([each]) => each === name) ? positive : a;
      const { outputs } = await trial({ x }, ({ x }) => ({ outputs: { y: op(x as Sym) } }));
      expectClose(outputs.y as Float32Array, x.data.map(f));
    });
  }
  it("round, halves to even", async () => {
    const x = { shape: [5], data: [-1.5, -0.5, 0.5, 1.5, 2.4] };
    const { outputs } = await trial({ x }, ({ x }) => ({ outputs: { y: ops.round(x as Sym) } }));
    expect([...(outputs.y as Float32Array)].map((value) => value + 0)).toEqual([-2, 0, 0, 2, 2]);
  });
  it("clip", async () => {
    const { outputs } = await trial({ a }, ({ a }) => ({
      outputs: { y: ops.clip(a as Sym, -1, 0.5) },
    }));
    expectClose(
      outputs.y as Float32Array,
      a.data.map((value) => Math.min(Math.max(value, -1), 0.5)),
    );
  });
  for (const [name, op, f] of binaryCases) {
    it(`${name}, with broadcasting and with numbers on either side`, async () => {
      const { outputs } = await trial({ a, b }, (syms) => {
        const [x, y] = [syms.a as Sym, syms.b as Sym];
        return { outputs: { both: op(x, y), right: op(x, 1.5), left: op(1.5, x) } };
      });
      expectClose(
        outputs.both as Float32Array,
        a.data.map((x, i) => f(x, b.data[i % 5] as number)),
      );
      expectClose(
        outputs.right as Float32Array,
        a.data.map((x) => f(x, 1.5)),
      );
      expectClose(
        outputs.left as Float32Array,
        a.data.map((x) => f(1.5, x)),
      );
    });
  }
  it("power", async () => {
    const { outputs } = await trial({ x: positive, b }, (syms) => ({
      outputs: { y: ops.power(syms.x as Sym, syms.b as Sym) },
    }));
    expectClose(
      outputs.y as Float32Array,
      positive.data.map((x, i) => x ** (b.data[i % 5] as number)),
    );
  });
  it("takes whole numbers and bytes", async () => {
    const labels = { shape: [3], data: [1, 2, 3], dtype: "int32" } as const;
    const pixels = { shape: [3], data: [10, 20, 255], dtype: "uint8" } as const;
    const { outputs } = await trial({ labels, pixels }, (syms) => ({
      outputs: { y: ops.multiply(syms.labels as Sym, syms.pixels as Sym) },
    }));
    expect([...(outputs.y as Float32Array)]).toEqual([10, 40, 765]);
  });
});

describe("reductions", () => {
  const cube = { shape: [2, 3, 4], data: numbers(24) };
  const at = (i: number, j: number, k: number) => cube.data[12 * i + 4 * j + k] as number;
  it.each([
    ["sum", ops.sum, (values: number[]) => values.reduce((x, y) => x + y)],
    ["mean", ops.mean, (values: number[]) => values.reduce((x, y) => x + y) / values.length],
    ["max", ops.max, (values: number[]) => Math.max(...values)],
    ["min", ops.min, (values: number[]) => Math.min(...values)],
    ["prod", ops.prod, (values: number[]) => values.reduce((x, y) => x * y)],
  ] as const)("%s over all, one and several axes", async (_, reduce, f) => {
    const { outputs, shapes } = await trial({ cube }, (syms) => {
      const x = syms.cube as Sym;
      return {
        outputs: {
          all: reduce(x),
          last: reduce(x, { axis: -1 }),
          middle: reduce(x, { axis: 1, keepDims: true }),
          outer: reduce(x, { axis: [0, 2] }),
        },
      };
    });
    expect(shapes).toEqual({ all: [], last: [2, 3], middle: [2, 1, 4], outer: [3] });
    expectClose(outputs.all as Float32Array, [f([...cube.data])]);
    const [two, three, four] = [2, 3, 4].map((n) => [...Array(n).keys()]) as [
      number[],
      number[],
      number[],
    ];
    expectClose(
      outputs.last as Float32Array,
      two.flatMap((i) => three.map((j) => f(four.map((k) => at(i, j, k))))),
    );
    expectClose(
      outputs.middle as Float32Array,
      two.flatMap((i) => four.map((k) => f(three.map((j) => at(i, j, k))))),
    );
    expectClose(
      outputs.outer as Float32Array,
      three.map((j) => f(two.flatMap((i) => four.map((k) => at(i, j, k))))),
    );
  });
  it("argmax takes the first of equals", async () => {
    const x = { shape: [2, 3], data: [1, 5, 5, 7, 2, 7] };
    const { outputs } = await trial({ x }, ({ x }) => ({ outputs: { y: ops.argmax(x as Sym) } }));
    expect([...(outputs.y as Float32Array)]).toEqual([1, 0]);
  });
});

describe("shapes and products", () => {
  it("reshape, transpose, concatenate, oneHot", async () => {
    const x = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
    const labels = { shape: [3], data: [2, 0, 6], dtype: "int32" } as const;
    const { outputs, shapes } = await trial({ x, labels }, (syms) => {
      const [x, labels] = [syms.x as Sym, syms.labels as Sym];
      return {
        outputs: {
          reshaped: ops.reshape(x, [-1, 2]),
          transposed: ops.transpose(x),
          rows: ops.concatenate([x, x], { axis: 0 }),
          columns: ops.concatenate([x, ops.negative(x)]),
          hot: ops.oneHot(labels, 7),
        },
      };
    });
    expect(shapes).toEqual({
      reshaped: [3, 2],
      transposed: [3, 2],
      rows: [4, 3],
      columns: [2, 6],
      hot: [3, 7],
    });
    expect([...(outputs.transposed as Float32Array)]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...(outputs.rows as Float32Array)]).toEqual([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]);
    expect([...(outputs.columns as Float32Array)]).toEqual([
      1, 2, 3, -1, -2, -3, 4, 5, 6, -4, -5, -6,
    ]);
    const hot = [...(outputs.hot as Float32Array)];
    expect(hot.flatMap((value, i) => (value === 1 ? [i] : []))).toEqual([2, 7, 20]);
    expect(hot.reduce((x, y) => x + y)).toBe(3);
  });
  it("matmul, with transposed operands", async () => {
    const p = { shape: [2, 3], data: numbers(6) };
    const q = { shape: [3, 4], data: numbers(12, 2) };
    const expected = Array.from({ length: 8 }, (_, at) => {
      const [i, j] = [Math.floor(at / 4), at % 4];
      return [0, 1, 2].reduce(
        (sum, k) => sum + (p.data[3 * i + k] as number) * (q.data[4 * k + j] as number),
        0,
      );
    });
    const { outputs } = await trial({ p, q }, (syms) => {
      const [p, q] = [syms.p as Sym, syms.q as Sym];
      const [pt, qt] = [ops.transpose(p), ops.transpose(q)];
      return {
        outputs: {
          plain: ops.matmul(p, q),
          a: ops.matmul(pt, q, { transposeA: true }),
          b: ops.matmul(p, qt, { transposeB: true }),
        },
      };
    });
    for (const name of ["plain", "a", "b"]) expectClose(outputs[name] as Float32Array, expected);
  });
  it("softmax and logSoftmax", async () => {
    const { outputs } = await trial({ a }, ({ a }) => ({
      outputs: { soft: ops.softmax(a as Sym), log: ops.logSoftmax(a as Sym) },
    }));
    const rows = [0, 1, 2].map((i) => [...a.data.slice(5 * i, 5 * i + 5)].map(Math.exp));
    const soft = rows.flatMap((row) => row.map((x) => x / row.reduce((p, q) => p + q)));
    expectClose(outputs.soft as Float32Array, soft);
    expectClose(outputs.log as Float32Array, soft.map(Math.log));
  });
});

describe("gradients", () => {
  const differentiable: Record<string, (x: Sym, y: Sym) => Sym> = {
    add: ops.add,
    subtract: ops.subtract,
    multiply: ops.multiply,
    divide: ops.divide,
    maximum: ops.maximum,
    minimum: ops.minimum,
    squaredDifference: ops.squaredDifference,
    matmul: (x, y) => ops.matmul(x, ops.reshape(y, [5, 1])),
    "mean of a product": (x, y) => ops.mean(ops.multiply(x, y), { axis: -1 }),
    "max over an axis": (x, y) => ops.max(ops.multiply(x, y), { axis: 0 }),
    "softmax of a sum": (x, y) => ops.square(ops.softmax(ops.add(x, y))),
    "log of a sum of exponentials": (x, y) =>
      ops.log(ops.sum(ops.exp(ops.add(x, y)), { axis: -1 })),
    transpose: (x, y) => ops.multiply(ops.transpose(x), ops.reshape(y, [5, 1])),
    concatenate: (x, y) => ops.square(ops.concatenate([x, ops.reshape(y, [1, 5])], { axis: 0 })),
  };
  for (const [name, f] of Object.entries(differentiable)) {
    it(`${name} against central differences`, async () => {
      const loss = (syms: Readonly<Record<string, Sym>>) =>
        ops.sum(f(syms.a as Sym, syms.b as Sym));
      const { gradients } = await trial({ a, b }, (syms) => ({ loss: loss(syms) }));
      const value = async (inputs: { a: typeof a; b: typeof b }) =>
        (await trial(inputs, (syms) => ({ outputs: { y: loss(syms) } }))).outputs.y?.[0] as number;
      const step = 2 ** -6;
      for (const which of ["a", "b"] as const) {
        const at = 3;
        const moved = (by: number) => {
          const data = Float32Array.from({ a, b }[which].data);
          data[at] = (data[at] as number) + by;
          return value({ a, b, [which]: { ...{ a, b }[which], data } });
        };
        const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
        expect(gradients[which]?.[at]).toBeCloseTo(slope, 2);
      }
    });
  }
  it("stopGradient lets none through", async () => {
    const { gradients } = await trial({ b }, ({ b }) => ({
      loss: ops.sum(ops.multiply(b as Sym, ops.stopGradient(b as Sym))),
    }));
    expectClose(gradients.b as Float32Array, b.data);
  });
});

describe("errors", () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", batchOf([4]));
  it.each([
    ["two plain numbers", () => ops.add(1, 2), /at least one symbolic tensor/],
    [
      "an axis that is not there",
      () => ops.sum(x, { axis: 2 }),
      /an axis from -2 to 1, received axis 2/,
    ],
    ["a product that does not fit", () => ops.matmul(x, x), /\[\.\.\., m, k\] and \[k, n\]/],
    [
      "another number of elements",
      () => ops.reshape(x, [null, 5]),
      /as many elements as \[batch, 4\]/,
    ],
    ["an axis twice", () => ops.transpose(x, [0, 0]), /each of the 2 axes once/],
    ["nothing to join", () => ops.concatenate([]), /expected tensors, received none/],
    ["shapes that do not join", () => ops.concatenate([x, ops.sum(x)]), /differ in axis/],
    ["no classes", () => ops.oneHot(x, 0), /whole number of classes/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
  it("shapes show the batch as null", () => {
    expect(x.shape).toEqual([null, 4]);
    expect(ops.reshape(x, [null, 2, -1]).shape).toEqual([null, 2, 2]);
    expect(ops.reshape(x, [-1]).shape).toEqual([null]);
  });
});
