// Every kind of data becomes the same rows, and mistakes in data are named.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sliceRows } from "../../ts/data/row-storage.js";
import { type DataLike, type Rows, toRows } from "../../ts/data/rows.js";
import { tensor } from "../../ts/data/tensor.js";

const named = { name: "x" };

function all(rows: Rows): number[] {
  const target = new Float32Array(rows.count * rows.rowLength);
  rows.gather(null, 0, rows.count, target);
  return [...target];
}

describe("every kind of data gives the same rows", () => {
  const values = [1, 2, 3, 4, 5, 6];
  test.each<[string, DataLike, string]>([
    ["Float32Array", new Float32Array(values), "float32"],
    ["Float64Array", new Float64Array(values), "float32"],
    ["Uint8Array", new Uint8Array(values), "uint8"],
    ["Uint8ClampedArray", new Uint8ClampedArray(values), "uint8"],
    ["Int8Array", new Int8Array(values), "int32"],
    ["Int16Array", new Int16Array(values), "int32"],
    ["Uint16Array", new Uint16Array(values), "int32"],
    ["Int32Array", new Int32Array(values), "int32"],
    ["Uint32Array", new Uint32Array(values), "int32"],
    [
      "nested arrays",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      "float32",
    ],
    ["tensor", tensor(new Float32Array(values), [2, 3]), "float32"],
    ["typed arrays", [new Float32Array([1, 2, 3]), new Float32Array([4, 5, 6])], "float32"],
    ["mixed typed arrays", [new Uint8Array([1, 2, 3]), new Int16Array([4, 5, 6])], "float32"],
  ])("%s", (_, data, dtype) => {
    const rows = toRows("fit", data, [3], named);
    expect(rows).toMatchObject({ count: 2, rowShape: [3], rowLength: 3, dtype });
    expect(all(rows)).toEqual(values);
    const target = new Float32Array(9);
    rows.gather(Uint32Array.of(9, 1, 0, 1), 1, 4, target);
    expect([...target]).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6]);
  });
});

test("a typed array is not copied", () => {
  const data = new Float32Array(6);
  const rows = toRows("fit", data, [3]);
  data[4] = 7;
  expect(all(rows)).toEqual([0, 0, 0, 0, 7, 0]);
});

test("rows of more axes", () => {
  expect(toRows("fit", new Uint8Array(2 * 28 * 28), [28, 28, 1]).count).toBe(2);
  const nested = [
    [[1], [2]],
    [[3], [4]],
  ];
  expect(toRows("fit", nested, [2, 1]).rowShape).toEqual([2, 1]);
  expect(toRows("fit", nested, null).rowShape).toEqual([2, 1]);
  const images = [new Float32Array(4), new Float32Array(4)];
  expect(toRows("fit", images, [2, 2]).rowShape).toEqual([2, 2]);
  const deep = [[new Float32Array(4), new Float32Array(4)]] as unknown as DataLike;
  expect(toRows("fit", deep, [2, 4]).count).toBe(1);
});

test("one number per row, with or without an axis of its own", () => {
  for (const shape of [[], [1]]) {
    for (const data of [[1, 2, 3], [[1], [2], [3]], new Float32Array([1, 2, 3])]) {
      const rows = toRows("fit", data, shape);
      expect(rows).toMatchObject({ count: 3, rowShape: shape });
      expect(all(rows)).toEqual([1, 2, 3]);
    }
  }
  expect(toRows("fit", [1, 2, 3], null).rowShape).toEqual([]);
  expect(toRows("fit", new Float32Array(3), null).rowShape).toEqual([]);
});

test("whole numbers where they are wanted", () => {
  const rows = toRows("fit", [0, 5, 2147483647], [], { dtype: "int32" });
  expect(rows.dtype).toBe("int32");
  const target = new Int32Array(3);
  rows.gather(null, 0, 3, target);
  expect([...target]).toEqual([0, 5, 2147483647]);
  expect(toRows("fit", new Float32Array([3]), [], { dtype: "int32" }).dtype).toBe("int32");
  expect(toRows("fit", new Uint32Array([2 ** 31]), []).dtype).toBe("float32");
});

test("long rows and short rows are gathered alike, and slices as the whole", () => {
  const settings = fc.record({
    count: fc.integer({ min: 1, max: 20 }),
    length: fc.constantFrom(1, 2, 47, 48, 49, 100),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(settings, ({ count, length, seed }) => {
      const data = Float32Array.from({ length: count * length }, (_, i) => i);
      const rows = toRows("fit", data, [length]);
      const indices = Uint32Array.from({ length: 7 }, (_, i) => (seed + i * 13) % count);
      const target = new Float32Array(7 * length);
      rows.gather(indices, 0, 7, target);
      indices.forEach((row, i) => {
        expect(target[i * length]).toBe(row * length);
        expect(target[(i + 1) * length - 1]).toBe((row + 1) * length - 1);
      });
      const start = seed % count;
      const part = sliceRows(rows, start, count);
      expect(all(part)).toEqual([...data.subarray(start * length)]);
      const last = new Float32Array(length);
      part.gather(Uint32Array.of(0, part.count - 1), 1, 2, last);
      expect([...last]).toEqual([...data.subarray((count - 1) * length)]);
    }),
  );
});

describe("mistakes are named", () => {
  test.each<[string, unknown, readonly number[] | null, string]>([
    [
      "a length that does not divide",
      new Float32Array(1000),
      [28, 28],
      "fit: expected x to hold a multiple of 784 numbers (rows of shape [28, 28]), received a Float32Array of 1000 numbers, 216 too many for 1 row.",
    ],
    [
      "too few numbers",
      new Float32Array(3),
      [4],
      "received a Float32Array of 3 numbers, 3 too many for 0 rows",
    ],
    [
      "ragged rows",
      [[1, 2], [3, 4], [5]],
      null,
      "expected x[2] to have the length 2 as x[0] has, received the length 1",
    ],
    [
      "ragged deeper",
      [
        [[1], [2]],
        [[3], [4, 5]],
      ],
      null,
      "expected x[1][1] to have the length 1 as x[0][0] has",
    ],
    [
      "a number for a row",
      [[1, 2], 3],
      null,
      "expected x[1] to be an array of 2 elements, received 3",
    ],
    ["a row for a number", [1, [2]], null, "expected x[1] to be a number, received [2]"],
    [
      "a string",
      [
        [1, 2],
        [3, "4"],
      ],
      null,
      'expected x[1][1] to be a number, received "4". Hint: turn categories',
    ],
    ["a hole", [1, undefined, 3], null, "expected x[1] to be a number, received undefined"],
    ["NaN", new Float32Array([1, 2, 3, Number.NaN]), [2], "received NaN in row 1, column 1"],
    ["NaN in a nested array", [[1], [Number.NaN]], null, "received NaN in row 1"],
    [
      "infinity",
      new Float64Array([1, Number.NEGATIVE_INFINITY]),
      [1],
      "received -Infinity in row 1",
    ],
    [
      "NaN in a row of its own",
      [new Float32Array(2), new Float32Array([0, Number.NaN])],
      [2],
      "NaN in row 1, column 1",
    ],
    ["beyond float32", [[1e39]], [1], "received 1e+39 in row 0. Hint: scale the data"],
    ["no rows", [], [2], "expected x to have at least one row, received an empty array"],
    ["no numbers", new Float32Array(0), [2], "expected x to have at least one row"],
    ["empty rows", [[], []], null, "at least one row"],
    ["an empty tensor", tensor(new Float32Array(0), [0, 3]), [3], "at least one row"],
    ["a scalar tensor", tensor(new Float32Array(1), []), [1], "expected x to have a batch axis"],
    [
      "another row length",
      [[1, 2, 3]],
      [4],
      "expected x to have rows of shape [4] (4 numbers each), received rows of shape [3] (3 numbers each).",
    ],
    ["a single row", [1, 2, 3], [3], "x looks like a single row: pass it as a batch of one, [x]"],
    ["a single image", tensor(new Float32Array(4), [2, 2]), [2, 2], "looks like a single row"],
    ["another shape", tensor(new Float32Array(8), [2, 2, 2]), [4], "rows hold as many numbers"],
    [
      "rows of several lengths",
      [new Float32Array(2), new Float32Array(3)],
      [2],
      "expected x[1] to have 2 numbers as x[0] has, received a Float32Array of 3 numbers",
    ],
    ["rows of another length", [new Float32Array(3)], [2], "received rows of shape [3]"],
    ["a string of data", "abc", [2], 'received "abc"'],
    ["nothing", undefined, [2], "received undefined"],
    ["bigints", new BigInt64Array(2), [2], "use an Int32Array"],
    ["an object", { length: 3 }, [2], "an object with the keys length"],
  ])("%s", (_, data, shape, message) => {
    expect(() => toRows("fit", data as DataLike, shape, named)).toThrow(message);
  });

  test("fractions where whole numbers are wanted", () => {
    expect(() => toRows("fit", [[1, 2.5]], [2], { ...named, dtype: "int32" })).toThrow(
      "expected x to hold whole numbers within int32, received 2.5 in row 0, column 1",
    );
    expect(() => toRows("fit", new Uint32Array([2 ** 31]), [], { dtype: "int32" })).toThrow(
      "received 2147483648 in row 0",
    );
  });

  test("a bad value is found wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200_000 }),
        fc.nat(),
        fc.boolean(),
        (size, at, wide) => {
          const data = wide ? new Float64Array(size) : new Float32Array(size);
          data[at % size] = at % 2 ? Number.NaN : Number.POSITIVE_INFINITY;
          expect(() => toRows("fit", data, [])).toThrow(`in row ${at % size}.`);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("the largest float32 passes, what rounds to infinity does not", () => {
    const largest = 3.4028234663852886e38;
    expect(() => toRows("fit", [largest, -largest], [])).not.toThrow();
    const many = new Float32Array(200_000).fill(largest);
    expect(() => toRows("fit", many, [])).not.toThrow();
    many.set([Infinity, -Infinity], 150_000);
    expect(() => toRows("fit", many, [])).toThrow("received Infinity in row 150000");
    expect(() => toRows("fit", [3.4028235677973362e38], [])).not.toThrow();
    expect(() => toRows("fit", [3.4028235677973366e38], [])).toThrow("scale the data");
  });
});
