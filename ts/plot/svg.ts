// Role: diagrams as SVG, a text that browsers and notebooks show. It must not need a browser.
import { type Diagram, explained, type Panel, shownPlaces, shownValues } from "./diagram.js";
import { type Scale, scaleFor } from "./scale.js";

/** Pixels around the panels: for numbers at the left and below, titles above. */
const margin = { left: 64, right: 20, top: 30, bottom: 46 };
/** The part of a panel's height that its title and numbers take. */
const heading = 26;

/** Colours that people with any kind of colour vision tell apart: Okabe & Ito 2008. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

const escaped = (text: string) => text.replace(/[&<>]/g, (found) => escapes[found] as string);

/** A length in pixels, short. */
const px = (value: number) => String(Math.round(value * 10) / 10);

const label = (x: number, y: number, anchor: string, text: string, more = "") =>
  `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${more}>${escaped(text)}</text>`;

const path = (d: string, more: string) => `<path d="${d}" fill="none" ${more}/>`;

interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws a diagram of so many pixels in width, each panel so many high. */
export function drawSvg(diagram: Diagram, width: number, height: number): string {
  const { panels, title, xAxis, xTitle } = diagram;
  const whole = margin.top + panels.length * height + margin.bottom;
  const inner = Math.max(40, width - margin.left - margin.right);
  const across = scaleFor(shownPlaces(diagram), {
    ...xAxis,
    count: Math.max(2, Math.floor(inner / 70)),
  });
  const parts = panels.map((panel, i) => {
    const top = margin.top + i * height + heading;
    const area = { left: margin.left, top, width: inner, height: Math.max(20, height - heading) };
    return drawPanel(panel, diagram, across, area);
  });
  const bottom = whole - margin.bottom;
  const below = across.ticks.map(({ value, text }) =>
    label(margin.left + across.place(value) * inner, bottom + 18, "middle", text),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${whole}" ` +
      `viewBox="0 0 ${width} ${whole}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    label(width / 2, 20, "middle", title, ' font-size="14"'),
    ...parts,
    ...below,
    label(margin.left + inner / 2, bottom + 38, "middle", xTitle),
    "</svg>",
  ].join("\n");
}

function drawPanel(panel: Panel, { x }: Diagram, across: Scale, area: Area): string {
  const { left, top, width, height } = area;
  const count = Math.max(2, Math.floor(height / 36));
  const down = scaleFor(shownValues(panel), { ...panel.axis, count });
  const xOf = (value: number) => left + across.place(value) * width;
  const yOf = (value: number) => top + (1 - down.place(value)) * height;
  const upright = across.ticks.map(({ value }) => `M${px(xOf(value))} ${px(top)}v${px(height)}`);
  const level = down.ticks.map(({ value }) => `M${px(left)} ${px(yOf(value))}h${px(width)}`);
  const lines = [
    path([...upright, ...level].join(""), 'stroke="#e4e4e4"'),
    path(`M${px(left)} ${px(top)}v${px(height)}h${px(width)}`, 'stroke="#333"'),
    ...down.ticks.map(({ value, text }) => label(left - 6, yOf(value) + 4, "end", text)),
    label(left, top - 8, "start", panel.title),
  ];
  panel.series.forEach(({ y, joined }, i) => {
    lines.push(drawSeries(x.map(xOf), y.map(yOf), joined, colourOf(i)));
  });
  if (panel.mark) {
    const at = xOf(panel.mark.x);
    const right = at > left + width / 2;
    lines.push(path(`M${px(at)} ${px(top)}v${px(height)}`, 'stroke="#333" stroke-dasharray="4 3"'));
    lines.push(label(at + (right ? -6 : 6), top + 12, right ? "end" : "start", panel.mark.name));
  }
  const names = explained(panel);
  names.forEach(({ name }, i) => {
    const at = left + width - 90 * (names.length - i);
    lines.push(`<circle cx="${px(at)}" cy="${px(top - 12)}" r="4" fill="${colourOf(i)}"/>`);
    lines.push(label(at + 9, top - 8, "start", name));
  });
  return lines.join("\n");
}

const colourOf = (index: number) => colours[index % colours.length] as string;

/** A line, or points; where there is no place for a value, the line has a gap. */
function drawSeries(xs: number[], ys: number[], joined: boolean, colour: string): string {
  let isGap = true;
  const steps = xs.map((x, i) => {
    const y = ys[i] as number;
    const wasGap = isGap;
    isGap = Number.isNaN(x + y);
    if (isGap) return "";
    // A point is a line without length: its round ends make it a disc.
    if (!joined) return `M${px(x)} ${px(y)}h0`;
    return `${wasGap ? "M" : "L"}${px(x)} ${px(y)}`;
  });
  const style = joined
    ? 'stroke-width="2" stroke-linejoin="round"'
    : 'stroke-width="3" stroke-linecap="round" stroke-opacity="0.45"';
  return path(steps.join(""), `stroke="${colour}" ${style}`);
}
