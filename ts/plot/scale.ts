// Role: axes: which range they show, where a value lies on them, and which round numbers stand
// beside them. It must not draw.

/** A number beside an axis. */
export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** An axis. */
export interface Scale {
  readonly ticks: readonly Tick[];
  /** Where a value lies: 0 at the low end, 1 at the high one; NaN where it has no place. */
  place(value: number): number;
}

/** How an axis is made. */
export interface ScaleOptions {
  /** Whether equal factors, not equal differences, lie equally far apart. */
  readonly log?: boolean;
  /** Whether the axis ends at round numbers; else at the least and the greatest value. */
  readonly rounded?: boolean;
  /** Whether 0 is on the axis in any case. */
  readonly fromZero?: boolean;
  /** About how many numbers have room. */
  readonly count: number;
}

/** Values that come from rounding a quotient may lie this much beside the range. */
const slack = 1e-9;

/** The axis for these values; those without a place on it (NaN; on a log axis 0) are left out. */
export function scaleFor(values: readonly number[], options: ScaleOptions): Scale {
  const { log = false, rounded = false, fromZero = false, count } = options;
  const shown = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  let low = shown.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let high = shown.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (shown.length === 0) [low, high] = [log ? 0.1 : 0, 1];
  if (fromZero && !log) [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  // A single value gets room on both sides, zero above.
  if (low === high && fromZero && !log) high = 1;
  if (low === high) {
    const room = Math.abs(low) / 2 || 1;
    [low, high] = log ? [low / 2, high * 2] : [low - room, high + room];
  }
  const all = (log ? logTicks : linearTicks)(low, high, count);
  const [first, last] = [all[0] as Tick, all[all.length - 1] as Tick];
  if (rounded) [low, high] = [first.value, last.value];
  const at = log ? Math.log : (value: number) => value;
  const [start, span] = [at(low), at(high) - at(low)];
  const place = (value: number) => {
    const share = (at(value) - start) / span;
    return share > -slack && share < 1 + slack ? Math.min(1, Math.max(0, share)) : Number.NaN;
  };
  return { ticks: all.filter(({ value }) => !Number.isNaN(place(value))), place };
}

/** Multiples of 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`. */
function linearTicks(low: number, high: number, count: number): Tick[] {
  const least = (high - low) / Math.max(1, count);
  let exponent = Math.floor(Math.log10(least));
  let factor = [1, 2, 5].find((each) => each * 10 ** exponent >= least * (1 - slack));
  if (factor === undefined) {
    factor = 1;
    exponent++;
  }
  const step = factor * 10 ** exponent;
  const first = Math.floor(low / step + slack);
  const last = Math.ceil(high / step - slack);
  const size = Math.max(Math.abs(first), Math.abs(last)) * step;
  const text = (value: number) => {
    if (size >= 1e-3 && size < 1e6) return value.toFixed(Math.max(0, -exponent));
    const own = Math.floor(Math.log10(Math.abs(value)) + slack);
    return value === 0 ? "0" : value.toExponential(Math.max(0, own - exponent)).replace("+", "");
  };
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: text(value) };
  });
}

/** Powers of ten, every so many; over few of them also 2 and 5 times each. */
function logTicks(low: number, high: number, count: number): Tick[] {
  const first = Math.floor(Math.log10(low) + slack);
  const last = Math.ceil(Math.log10(high) - slack);
  const factors = 3 * Math.log10(high / low) <= count ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((last - first) / Math.max(1, count)));
  const ticks: Tick[] = [];
  for (let exponent = first; exponent - every < last; exponent += every) {
    for (const factor of factors) {
      const text = `${factor}e${exponent}`;
      const value = Number(text);
      ticks.push({ value, text: exponent < -3 || exponent > 5 ? text : String(value) });
    }
  }
  const from = ticks.findLastIndex(({ value }) => value <= low * (1 + slack));
  const to = ticks.findIndex(({ value }) => value >= high * (1 - slack));
  return ticks.slice(Math.max(0, from), to < 0 ? ticks.length : to + 1);
}
