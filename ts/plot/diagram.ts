// Role: what is drawn, whatever it is drawn with. It must not know what the numbers mean.
import type { ScaleOptions } from "./scale.js";

/** Numbers over a common x axis. */
export interface Series {
  readonly name: string;
  /** One for each x; NaN leaves a gap. */
  readonly y: readonly number[];
  /** Whether the points are joined. */
  readonly joined: boolean;
}

/** A place on the x axis that is pointed out. */
export interface Mark {
  readonly name: string;
  readonly x: number;
}

/** One diagram. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  readonly axis: Omit<ScaleOptions, "count">;
  /** What the y axis must show; by default all values. Others are not drawn. */
  readonly range?: readonly number[];
  readonly mark?: Mark;
}

/** Diagrams one below the other over the same x axis. */
export interface Diagram {
  readonly title: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** What the x axis must show besides. */
  readonly xEnd?: number;
  readonly xTitle: string;
  readonly xAxis: Omit<ScaleOptions, "count">;
  readonly panels: readonly Panel[];
}

/** The values that the x axis must show. */
export function shownPlaces({ x, xEnd }: Diagram): readonly number[] {
  return xEnd === undefined ? x : [...x, xEnd];
}

/** The values that the y axis of a diagram must show. */
export function shownValues({ range, series }: Panel): readonly number[] {
  return range ?? series.flatMap(({ y }) => y);
}

/** What a legend must explain: nothing where there is one series only. */
export function explained({ series }: Panel): readonly Series[] {
  return series.length > 1 ? series : [];
}
