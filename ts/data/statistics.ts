// Role: means and variances of data, in double precision. It must not know layers.
import type { Rows } from "./rows.js";

/** Means and variances, one for each channel. */
export interface Statistics {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Numbers per block that are looked at in one go. */
const blockSize = 1 << 16;

/**
 * Mean and variance, over all rows, of each channel. `channelOf` says which channel a number of a
 * row belongs to.
 *
 * Two passes, the second around the mean, so that large offsets do not cancel, with the correction
 * of Chan, Golub & LeVeque 1983 for the rounding of the mean.
 */
export function statisticsOf(
  rows: Rows,
  channelOf: ArrayLike<number>,
  channels: number,
): Statistics {
  const { count, rowLength } = rows;
  const perBlock = Math.max(1, Math.floor(blockSize / rowLength));
  const block = new Float32Array(perBlock * rowLength);
  const size = (count * rowLength) / channels;
  /** Calls `visit` with each number and its channel. */
  const pass = (visit: (value: number, channel: number) => void) => {
    for (let from = 0; from < count; from += perBlock) {
      const to = Math.min(count, from + perBlock);
      rows.gather(null, from, to, block);
      const end = (to - from) * rowLength;
      for (let i = 0, at = 0; i < end; i++, at = at + 1 === rowLength ? 0 : at + 1) {
        visit(block[i] as number, channelOf[at] as number);
      }
    }
  };
  const mean = new Float64Array(channels);
  pass((value, channel) => {
    (mean[channel] as number) += value;
  });
  for (let k = 0; k < channels; k++) (mean[k] as number) /= size;
  const squares = new Float64Array(channels);
  const rests = new Float64Array(channels);
  pass((value, channel) => {
    const apart = value - (mean[channel] as number);
    (squares[channel] as number) += apart * apart;
    (rests[channel] as number) += apart;
  });
  const variance = squares.map((sum, k) => (sum - (rests[k] as number) ** 2 / size) / size);
  return { mean, variance };
}
