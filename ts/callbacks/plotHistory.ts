// Role: draws what training reported. It must not know models.
import { describe, fail } from "../errors.js";
import { Plot } from "../plot/plot.js";
import type { History } from "./history.js";

/**
 * Draws loss and metrics over the epochs, each with that of validation beside it.
 * @param history what `fit` gave back
 * @returns the plot: `toString()` for a terminal, `toSVG()` for everything else
 * @throws GradusError for a history without epochs
 * @example
 * const history = await model.fit(x, y, { epochs: 10, validationSplit: 0.1 });
 * console.log(String(plotHistory(history)));
 */
export function plotHistory(history: Pick<History, "epoch" | "history">): Plot {
  const lists: [string, readonly number[]][] = Object.entries(history?.history ?? {});
  if (lists.length === 0) {
    fail("plotHistory", {
      expected: "a history with at least one epoch",
      received: describe(history),
    });
  }
  // What began later or ended earlier than the rest has gaps.
  const count = history.epoch.length;
  const valuesOf = (values: readonly number[]) =>
    Array.from({ length: count }, (_, i) => values[i] ?? Number.NaN);
  const nameOf = (name: string) => `val${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  const validated = new Map(lists.map(([name]) => [nameOf(name), name]));
  const byName = new Map(lists);
  const panels = lists
    .filter(([name]) => !byName.has(validated.get(name) ?? ""))
    .map(([name, values]) => {
      const other = byName.get(nameOf(name));
      const series = [{ name: other ? "training" : name, y: valuesOf(values), joined: true }];
      if (other) series.push({ name: "validation", y: valuesOf(other), joined: true });
      return { title: name, series, axis: { rounded: true } };
    });
  return new Plot({
    title: "History",
    x: history.epoch.map((epoch) => epoch + 1),
    xTitle: "epoch",
    xAxis: {},
    panels,
  });
}
