// Ranges of options: values at their edges that are taken, and such beyond that are not.

/** Values that are taken, and such that are not. */
export interface Range {
  readonly good: readonly unknown[];
  readonly bad: readonly unknown[];
}

export const noNumbers = [Number.NaN, Number.POSITIVE_INFINITY, "1", {}, true];
export const numbers = (good: readonly number[], bad: readonly number[]): Range => {
  return { good, bad: [...bad, ...noNumbers] };
};
export const any = numbers([-1, 0, 1e30], []);
export const atLeast = (min: number) => numbers([min, min + 0.5, 1e6], [min - 0.001, -1e30]);
export const above = (min: number) => numbers([min + 1e-6, 1e6], [min, min - 1]);
export const share = numbers([0, 0.5, 1], [-0.001, 1.001]);
export const belowOne = numbers([0, 0.999], [-0.001, 1]);
export const within = numbers([0.001, 0.999], [0, 1]);
export const whole = (min: number, good = [min, min + 1]): Range => {
  return numbers(good, [min - 1, min + 0.5]);
};
export const integer = (good: readonly number[]) => numbers(good, [0.5]);
export const flag: Range = { good: [true, false], bad: [0, 1, "true", {}] };
export const text: Range = { good: ["a"], bad: ["", 1, {}] };
export const oneOf = (...good: unknown[]): Range => ({ good, bad: ["other", 1, {}] });
export const call: Range = { good: [() => undefined], bad: [1, "f", {}] };

/** Ranges by the options' names. */
export type Ranges = Readonly<Record<string, Range>>;
