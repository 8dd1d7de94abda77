// What is read off the losses of a sweep, and when a sweep has gone too far.
import { describe, expect, it } from "vitest";
import { DivergenceWatch, readLosses } from "../../ts/tuning/suggestion.js";

const steps = 200;
/** Falls from 2 to 0.5 around step 100, and explodes from 160 on; noise of the given size. */
const curve = (noise: number) =>
  Array.from({ length: steps }, (_, i) => {
    const fall = 1.5 / (1 + Math.exp((i - 100) / 8));
    const blast = i < 160 ? 0 : 1.5 ** (i - 160) - 1;
    return 0.5 + fall + blast + noise * Math.sin(12.9898 * i * i);
  });

describe("readLosses", () => {
  it("finds where nine tenths of the fall are made", () => {
    // 1.5 / (1 + exp(z)) is a tenth of 1.5 at z = ln 9; smoothing widens the fall a little.
    const expected = 100 + 8 * Math.log(9);
    for (const noise of [0, 0.1, 0.3]) {
      const { step, first, lowest } = readLosses(curve(noise), 0.9);
      expect(Math.abs((step as number) - expected)).toBeLessThan(8);
      expect(first).toBeCloseTo(2, 0);
      expect(lowest).toBeCloseTo(0.5, 0);
    }
  });
  it("is not moved by how much the loss explodes", () => {
    const tame = curve(0.1).map((loss) => Math.min(loss, 100));
    expect(readLosses(curve(0.1), 0.9).step).toBe(readLosses(tame, 0.9).step);
  });
  it("smooths in both directions: no lag", () => {
    const peak = Array.from({ length: 21 }, (_, i) => (i === 10 ? 0 : 1));
    const { smoothed } = readLosses(peak, 0.5);
    expect(smoothed.indexOf(Math.min(...smoothed))).toBe(10);
    for (let i = 0; i < 10; i++) expect(smoothed[i]).toBeCloseTo(smoothed[20 - i] as number, 12);
  });
  it("leaves a constant as it is, to its ends", () => {
    const { smoothed, step } = readLosses(new Array(50).fill(3), 0.9);
    for (const value of smoothed) expect(value).toBeCloseTo(3, 12);
    expect(step).toBe(null);
  });
  it("without smoothing takes the losses as they are", () => {
    expect(readLosses([3, 2, 1, 0, 5], 0)).toMatchObject({
      smoothed: [3, 2, 1, 0, 3],
      first: 3,
      lowest: 0,
      step: 3,
    });
  });
  it("takes losses below zero", () => {
    const shifted = curve(0.1).map((loss) => loss - 10);
    expect(readLosses(shifted, 0.9).step).toBe(readLosses(curve(0.1), 0.9).step);
  });
  it.each<[string, number[]]>([
    ["noise alone", Array.from({ length: steps }, (_, i) => 1 + 0.2 * Math.sin(12.9898 * i * i))],
    ["other noise", Array.from({ length: steps }, (_, i) => 1 + 0.2 * Math.sin(78.233 * i * i))],
    ["rising losses", Array.from({ length: steps }, (_, i) => i)],
    ["a single loss", [1]],
  ])("sees no fall in %s", (_, losses) => {
    expect(readLosses(losses, 0.9).step).toBe(null);
  });
});

describe("DivergenceWatch", () => {
  const endOf = (losses: readonly number[], smoothing: number, factor: number) => {
    const watch = new DivergenceWatch(smoothing, factor);
    return losses.findIndex((loss) => watch.add(loss));
  };
  it("ends where the average is so many times the best", () => {
    expect(endOf([2, 1, 3, 4, 4.1], 0, 4)).toBe(4);
    expect(endOf([2, 1, 4.1], 0.9, 4)).toBe(-1);
    expect(endOf([2, 1, 1e9], 0.9, 4)).toBe(2);
  });
  it("goes upwards from losses below zero, too", () => {
    expect(endOf([-1, -2, 3.9, 4.1], 0, 4)).toBe(3);
  });
});
