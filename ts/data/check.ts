// Role: fast passes over typed arrays that find values no network can use. It
// must not copy, convert (but for toFloat32) or know shapes beyond a row's length.
import { fail } from "../errors.js";

/** Where the values stand, for errors. */
export interface ValuePlace {
  /** The caller, such as `fit`. */
  readonly where: string;
  /** What the user calls the data, such as `x`. */
  readonly name: string;
  /** Numbers per row. */
  readonly rowLength: number;
  /** The number of the row that the values begin with. */
  readonly firstRow: number;
}

/**
 * Work over large data that can wait: each entry looks at a block, in a millisecond or so, and
 * throws for bad values. Where there is such a list, checks put themselves on it instead of running,
 * so that whoever runs them can give way to other work in between.
 */
export type LaterChecks = (() => void)[];

/** Numbers per entry of `LaterChecks`. */
const laterLength = 1 << 20;

/** Runs `look` over blocks of `length` numbers: now, or later where there is a list. */
export function eachLater(
  later: LaterChecks | undefined,
  length: number,
  look: (from: number, to: number) => void,
): void {
  for (let from = 0; from < length; from += laterLength) {
    const to = Math.min(from + laterLength, length);
    if (later) later.push(() => look(from, to));
    else look(from, to);
  }
}

/** Values per block: after a block the sums are looked at, so that a bad value is near. */
const blockLength = 1 << 16;

const largestFloat32 = 3.4028234663852886e38;
/** From here on a float64 rounds to infinity as a float32. */
const roundsToInfinity = 3.4028235677973366e38;

function placeText(place: ValuePlace, index: number): string {
  const row = place.firstRow + Math.floor(index / place.rowLength);
  return place.rowLength === 1 ? `row ${row}` : `row ${row}, column ${index % place.rowLength}`;
}

/**
 * Whether a block holds NaN or an infinity: these times zero are NaN, everything
 * else is zero, and four sums at a time keep the adder busy. (Sums of the values themselves would do,
 * but code that is not fully compiled yet makes an object of each that is not zero.)
 */
function isBad(data: Float32Array | Float64Array, from: number, to: number): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = from;
  for (; i + 3 < to; i += 4) {
    a += (data[i] as number) * 0;
    b += (data[i + 1] as number) * 0;
    c += (data[i + 2] as number) * 0;
    d += (data[i + 3] as number) * 0;
  }
  for (; i < to; i++) a += (data[i] as number) * 0;
  return Number.isNaN(a + b + c + d);
}

/** Whether a block holds NaN or a value beyond float32. */
function isBeyondFloat32(data: Float64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (!(Math.abs(data[i] as number) < roundsToInfinity)) return true;
  }
  return false;
}

/**
 * Checks that all values are finite, and finite as float32.
 * @throws GradusError naming the first bad value's row and column
 */
export function checkFinite(
  place: ValuePlace,
  data: Float32Array | Float64Array,
  later?: LaterChecks,
): void {
  eachLater(later, data.length, (start, end) => {
    for (let from = start; from < end; from += blockLength) {
      const to = Math.min(from + blockLength, end);
      const bad =
        data instanceof Float64Array ? isBeyondFloat32(data, from, to) : isBad(data, from, to);
      if (bad) failNotFinite(place, data, from);
    }
  });
}

function failNotFinite(place: ValuePlace, data: Float32Array | Float64Array, from: number): never {
  let index = from;
  while (Math.abs(data[index] as number) < roundsToInfinity) index++;
  const value = data[index] as number;
  const beyond = Number.isFinite(value);
  return fail(place.where, {
    expected: beyond
      ? `${place.name} to hold numbers up to ±${largestFloat32.toPrecision(3)}, the range of float32`
      : `${place.name} to hold finite numbers only`,
    received: `${value} in ${placeText(place, index)}`,
    hint: beyond ? "scale the data." : "fill in missing values, or leave their rows out.",
  });
}

/**
 * Checks that all values are whole and within int32.
 * @throws GradusError naming the first bad value's row and column
 */
export function checkWhole(
  place: ValuePlace,
  data: Float32Array | Float64Array | Uint32Array,
): void {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if ((value | 0) === value) continue;
    fail(place.where, {
      expected: `${place.name} to hold whole numbers within int32`,
      received: `${value} in ${placeText(place, i)}`,
    });
  }
}

/** A float32 copy of float64 values; with `later` it is filled then. */
export function toFloat32(data: Float64Array, later?: LaterChecks): Float32Array {
  const copy = new Float32Array(data.length);
  eachLater(later, data.length, (from, to) => copy.set(data.subarray(from, to), from));
  return copy;
}
