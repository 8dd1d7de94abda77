// The report of a run as Markdown and as a page with plots.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fitAll } from "./fit-lines.mjs";
import { plotSeries, plotSuite } from "./plots.mjs";
import { cellsOf, gather, losses, overhead, spread } from "./report.mjs";
import { allSuites } from "./suites.mjs";
import { idOf, judge, round } from "./targets.mjs";

/** @typedef {import("./measure.mjs").Result} Result */

/**
 * What a report says, whatever it looks like.
 * @typedef {{ title: string, text?: string[], list?: string[], table?: string[][], plots?: string[] }} Section
 */

/**
 * Writes report.md and report.html beside the results; what is known of the run stands in run.json.
 * @param {string} folder
 * @param {Result[]} results
 */
export async function writeReport(folder, results) {
  const run = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
  const sections = await sectionsOf(run, results);
  writeFileSync(join(folder, "report.md"), markdown(sections));
  writeFileSync(join(folder, "report.html"), html(sections));
}

/** @returns {Promise<Section[]>} */
async function sectionsOf(run, results) {
  const verdicts = judge(results);
  const met = verdicts.filter((one) => one.met).length;
  const lost = losses(results);
  return [
    {
      title: "gradus beside its peers",
      list: [...run.machine, ...run.missing.map((line) => `Not taking part: ${line}`)],
    },
    {
      title: `Targets: ${met} of ${verdicts.length} met`,
      table: [
        ["", "target", "measured"],
        ...verdicts.map(({ met: isMet, what, wanted, found }) => [
          isMet ? "met" : "missed",
          `${what}: ${wanted}`,
          found,
        ]),
      ],
    },
    {
      title: "Where others are faster",
      text: lost.length === 0 ? ["Nowhere in this run."] : [],
      table: [
        ["suite", "case", "who", "times as fast"],
        ...lost.map(({ mine, theirs, times }) => [
          ...[mine.suite, mine.case, idOf(theirs), round(times)],
        ]),
      ],
    },
    ...(await Promise.all(run.suites.map((suite) => suiteSection(suite, run, results)))),
    ...(await scalingSections(run, results)),
  ];
}

async function suiteSection(suite, { order, notes }, results) {
  const own = results.filter((result) => result.suite === suite.name);
  const better = suite.higherIsBetter ? "higher is better" : "lower is better";
  if (own.length === 0) return { title: `${suite.name}: nothing measured` };
  const isScaling = suite.name === "scaling";
  return {
    title: `${suite.name}: ${suite.title} (${suite.unit}, ${better})`,
    plots: isScaling ? [] : [await plotSuite(suite, own, order)],
    table: headed(cellsOf(own, order)),
    list: [
      spread(own),
      ...overhead(own),
      ...gather(notes.filter((note) => note.suite === suite.name)),
    ],
  };
}

/** The two head lines as one. */
function headed([top = [], bottom = [], ...rows]) {
  return [top.map((text, i) => `${text} ${bottom[i]}`.trim()), ...rows];
}

async function scalingSections({ order }, results) {
  const scaling = (await allSuites()).find(({ name }) => name === "scaling");
  const fits = scaling ? fitAll(results, scaling.cases({ quick: false })) : [];
  const sections = [];
  for (const series of new Set(fits.map((fit) => fit.series))) {
    const groups = fits.filter((fit) => fit.series === series);
    sections.push({
      title: `Growing ${series}`,
      plots: [await plotSeries(series, groups, order)],
      text: [
        "The line is a fixed time and one per arithmetic operation; the slope is that of the logarithms of time and arithmetic over the larger half (1: in proportion). A cliff lies more than half above the line.",
      ],
      table: [
        ["subject", "fixed (us)", "arithmetic (GFLOP/s)", "slope", "cliffs"],
        ...groups.map((group) => {
          const { fixed, perFlop, slope, cliffs } = group.line;
          return [
            idOf(group),
            round(fixed * 1e3),
            perFlop > 0 ? round(1e-6 / perFlop) : "",
            ...[slope.toFixed(2), cliffs.map(({ size }) => size).join(", ") || "none"],
          ];
        }),
      ],
    });
  }
  return sections;
}

/** @param {Section[]} sections */
function markdown(sections) {
  const escapeBar = (/** @type {string} */ text) => text.replaceAll("|", "\\|");
  const lines = sections.flatMap(({ title, text = [], list = [], table = [] }, i) => {
    const [head = [], ...rows] = table;
    const row = (/** @type {string[]} */ cells) => `| ${cells.map(escapeBar).join(" | ")} |`;
    return [
      ...[`${i === 0 ? "#" : "##"} ${title}`, ""],
      ...text.flatMap((paragraph) => [paragraph, ""]),
      ...(rows.length > 0 ? [row(head), row(head.map(() => "---")), ...rows.map(row), ""] : []),
      ...list.map((item) => `- ${item}`),
      ...(list.length > 0 ? [""] : []),
    ];
  });
  return `${lines.join("\n").trimEnd()}\n`;
}

/** @param {string} text */
const escapeHtml = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param {Section[]} sections */
function html(sections) {
  const parts = sections.map(({ title, text = [], list = [], table = [], plots = [] }, i) => {
    const [head = [], ...rows] = table;
    const cell = (/** @type {string} */ tag) => (/** @type {string} */ content) =>
      `<${tag}${/^[\d.]+( [x%])?$/.test(content) ? ' class="number"' : ""}>${escapeHtml(content)}</${tag}>`;
    const body = rows.map((row) => `<tr>${row.map(cell("td")).join("")}</tr>`).join("\n");
    const heading = i === 0 ? "h1" : "h2";
    return [
      `<section>\n<${heading}>${escapeHtml(title)}</${heading}>`,
      ...text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`),
      ...plots.map((plot) => `<div class="wide">${plot}</div>`),
      ...(rows.length > 0
        ? [
            `<div class="wide" tabindex="0"><table>\n<thead><tr>${head.map(cell("th")).join("")}</tr></thead>`,
            `<tbody>\n${body}\n</tbody></table></div>`,
          ]
        : []),
      ...(list.length > 0
        ? [`<ul>${list.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`]
        : []),
      "</section>",
    ].join("\n");
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>gradus beside its peers</title>
<style>${style}</style>
</head>
<body>
<main>
${parts.join("\n")}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.85rem; white-space: nowrap; }
th, td { padding: 0.2rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; }
th { background: var(--soft); }
.number { text-align: right; font-variant-numeric: tabular-nums; }
li { overflow-wrap: anywhere; font-size: 0.9rem; }
svg { max-width: 100%; height: auto; min-width: 30rem; }
svg text { fill: currentColor; }
svg .role-axis-grid line, svg .role-axis-domain line, svg .role-axis-tick line { stroke: var(--line); }
`;
