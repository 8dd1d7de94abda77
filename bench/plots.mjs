// Plots of results as SVG, drawn when a report is written.

import { parse, View } from "vega";
import { compile } from "vega-lite";
import { isPeer } from "./report.mjs";
import { idOf } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/** Colours that can be told apart, by kind of subject; each is legible on white and on black. */
const colours = [
  ["gradus-relaxed", "#d9480f"],
  ["gradus-strict", "#f08c4a"],
  ["gradus-infer", "#a8500f"],
  ["gradus-inline", "#c2884a"],
  ["engine-relaxed", "#b8952a"],
  ["engine-strict", "#8f8640"],
  ["1 threads-relaxed", "#b197fc"],
  ["2 threads-relaxed", "#7048e8"],
  ["1 threads-strict", "#99e9f2"],
  ["2 threads-strict", "#1098ad"],
  ["limit-relaxed", "#868e96"],
  ["limit-strict", "#a5adb5"],
  ["tfjs-wasm", "#1c7ed6"],
  ["tfjs-cpu", "#74a9d8"],
  ["ort-web", "#0ca678"],
  ["ort-node", "#5fb89a"],
  ["jax-js", "#9c5fd4"],
  ["brain.js", "#c25c9a"],
  ["pytorch", "#e03131"],
];
const others = ["#d9480f", "#1c7ed6", "#0ca678", "#9c5fd4", "#e03131", "#868e96", "#b8952a"];

/** @param {string[]} ids */
function colourScale(ids) {
  const known = new Map(/** @type {[string, string][]} */ (colours));
  const range = ids.map((id, i) => known.get(id) ?? others[i % others.length]);
  return { domain: ids, range };
}

/** Text and lines take the page's colours, see the style sheet of `pages.mjs`. */
const config = {
  background: null,
  view: { stroke: null },
  font: "system-ui, sans-serif",
  axis: { labelFontSize: 12, titleFontSize: 12, labelLimit: 340, titleFontWeight: "normal" },
  legend: {
    labelFontSize: 12,
    labelLimit: 220,
    symbolSize: 90,
    orient: "top",
    columns: 5,
    title: null,
  },
};

/**
 * @param {object} spec of Vega-Lite
 * @param {string} label what is to be seen, for those who do not see it
 */
async function draw(spec, label) {
  const view = new View(parse(compile(/** @type {any} */ ({ ...spec, config })).spec), {
    renderer: "none",
  });
  const svg = await view.toSVG();
  view.finalize();
  const escaped = label.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  return svg.replace("<svg ", `<svg role="img" aria-label="${escaped}" `);
}

/**
 * One line per case, a point for each subject.
 * @param {{ name: string, title: string, unit: string, higherIsBetter: boolean }} suite
 * @param {Result[]} results of the suite
 * @param {string[]} order of the subjects
 */
export function plotSuite(suite, results, order) {
  const values = results
    .filter(({ median }) => median > 0)
    .map((result) => ({ case: result.case, subject: idOf(result), value: result.median }));
  const ids = order.filter((id) => values.some(({ subject }) => subject === id));
  const better = suite.higherIsBetter ? "more is better" : "less is better";
  const cases = [...new Set(values.map((value) => value.case))];
  return draw(
    {
      data: { values },
      width: 520,
      height: { step: 22 },
      mark: { type: "point", filled: true, size: 80, opacity: 0.9 },
      encoding: {
        y: { field: "case", type: "nominal", sort: cases, title: null, axis: { grid: true } },
        x: {
          field: "value",
          type: "quantitative",
          scale: { type: "log" },
          title: `${suite.unit}, ${better}`,
          axis: { format: "~g", labelOverlap: true },
        },
        color: { field: "subject", type: "nominal", scale: colourScale(ids) },
        shape: {
          condition: { test: { field: "subject", oneOf: ids.filter(isPeer) }, value: "square" },
          value: "circle",
        },
      },
    },
    `${suite.title}: the figures of the table below as points`,
  );
}

/**
 * Time against size, with the fitted line of gradus.
 * @param {string} series
 * @param {{ subject: string, build: string, points: { size: number, time: number }[],
 *   line: { fitted: number[] } }[]} groups
 * @param {string[]} order
 */
export function plotSeries(series, groups, order) {
  const values = groups.flatMap((group) =>
    group.points.map(({ size, time }) => ({ subject: idOf(group), size, time })),
  );
  const own = groups.find((group) => idOf(group) === "gradus-relaxed");
  const fitted = own?.points.map(({ size }, i) => ({ size, time: own.line.fitted[i] })) ?? [];
  const ids = order.filter((id) => values.some(({ subject }) => subject === id));
  const x = { field: "size", type: "quantitative", scale: { type: "log", base: 2 }, title: series };
  const y = { field: "time", type: "quantitative", scale: { type: "log" }, title: "ms per step" };
  return draw(
    {
      width: 520,
      height: 260,
      layer: [
        {
          data: { values },
          mark: { type: "line", point: { filled: true, size: 50 }, strokeWidth: 1.5 },
          encoding: { x, y, color: { field: "subject", type: "nominal", scale: colourScale(ids) } },
        },
        {
          data: { values: fitted },
          mark: { type: "line", strokeDash: [6, 4], color: "#868e96" },
          encoding: { x, y },
        },
      ],
    },
    `Time of a training step against ${series}; dashed: the line fitted to gradus`,
  );
}
