// Role: diagrams as text: lines of braille characters, eight dots each, with axes. Newlines are
// the only control characters.
import { type Diagram, explained, type Panel, shownPlaces, shownValues } from "./diagram.js";
import { type Scale, scaleFor, type Tick } from "./scale.js";

/** The bit of each dot of a braille character, row by row. */
const dots = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80] as const;

/** Columns an x number takes, with room beside it. */
const xLabelWidth = 10;

/** A grid of characters with 2 x 4 dots each. */
class Canvas {
  readonly #cells: Uint8Array;
  readonly width: number;
  readonly height: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cells = new Uint8Array(width * height);
  }

  dot(x: number, y: number): void {
    const cell = (y >> 2) * this.width + (x >> 1);
    (this.#cells[cell] as number) |= dots[2 * (y & 3) + (x & 1)] as number;
  }

  /** Joins two dots, the first of which is there already. */
  line(x0: number, y0: number, x1: number, y1: number): void {
    const length = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
    for (let i = 1; i <= length; i++) {
      const share = i / length;
      this.dot(Math.round(x0 + share * (x1 - x0)), Math.round(y0 + share * (y1 - y0)));
    }
  }

  /** A row of characters; where the column of the mark is empty, it is seen. */
  row(row: number, mark: number): string {
    const cells = this.#cells.subarray(row * this.width, (row + 1) * this.width);
    return Array.from(cells, (bits, column) => {
      if (bits === 0) return column === mark ? "┊" : " ";
      return String.fromCharCode(0x2800 + bits);
    }).join("");
  }
}

/** Draws a diagram in a width of so many characters, each panel with so many lines. */
export function drawText(diagram: Diagram, width: number, height: number): string {
  const { panels, xAxis, xTitle } = diagram;
  const axes = panels.map((panel) =>
    scaleFor(shownValues(panel), { ...panel.axis, count: Math.max(2, Math.floor(height / 3)) }),
  );
  const texts = axes.flatMap(({ ticks }) => ticks.map(({ text }) => text.length));
  const margin = Math.max(...texts) + 2;
  const columns = Math.max(8, width - margin);
  const across = scaleFor(shownPlaces(diagram), {
    ...xAxis,
    count: Math.max(2, Math.floor(columns / xLabelWidth)),
  });
  const lines = panels.flatMap((panel, i) => [
    " ".repeat(margin) + heading(panel),
    ...drawPanel(panel, diagram, axes[i] as Scale, across, columns, height, margin),
    `${" ".repeat(margin - 1)}└${ruler(across, columns)}`,
  ]);
  const centre = Math.max(0, (columns - xTitle.length) >> 1);
  lines.push(" ".repeat(margin) + numbers(across, columns));
  lines.push(" ".repeat(margin + centre) + xTitle);
  return [diagram.title, ...lines].map((line) => line.trimEnd()).join("\n");
}

function heading(panel: Panel): string {
  const names = explained(panel).map(({ name, joined }) => `${joined ? "⠒⠒" : "⠄⠂"} ${name}`);
  if (panel.mark) names.push(`┊ ${panel.mark.name}`);
  return [panel.title, ...names].join("   ");
}

function drawPanel(
  panel: Panel,
  { x }: Diagram,
  down: Scale,
  across: Scale,
  columns: number,
  height: number,
  margin: number,
): string[] {
  const canvas = new Canvas(columns, height);
  for (const { y, joined } of panel.series) {
    let before: readonly [number, number] | null = null;
    for (const [i, value] of y.entries()) {
      const column = Math.round(across.place(x[i] as number) * (2 * columns - 1));
      const row = Math.round((1 - down.place(value)) * (4 * height - 1));
      if (Number.isNaN(column + row)) {
        before = null;
        continue;
      }
      canvas.dot(column, row);
      if (before && joined) canvas.line(...before, column, row);
      before = [column, row];
    }
  }
  const mark = panel.mark ? columnOf(across, panel.mark.x, columns) : -1;
  const labels = new Map(
    down.ticks.map(({ value, text }) => [Math.round((1 - down.place(value)) * (height - 1)), text]),
  );
  return Array.from({ length: height }, (_, row) => {
    const label = labels.get(row);
    const axis = label === undefined ? "│" : "┤";
    return (label ?? "").padStart(margin - 2).padEnd(margin - 1) + axis + canvas.row(row, mark);
  });
}

const columnOf = (scale: Scale, value: number, columns: number) =>
  Math.round(scale.place(value) * (columns - 1));

function ruler({ ticks, ...scale }: Scale, columns: number): string {
  const at = new Set(ticks.map(({ value }) => columnOf({ ticks, ...scale }, value, columns)));
  return Array.from({ length: columns }, (_, i) => (at.has(i) ? "┬" : "─")).join("");
}

/** The numbers below the axis, each in the middle below its tick, if there is room. */
function numbers(scale: Scale, columns: number): string {
  return scale.ticks.reduce((line, { value, text }: Tick) => {
    const start = Math.max(0, columnOf(scale, value, columns) - (text.length >> 1));
    const room = line.length === 0 || start > line.length;
    return room && start + text.length <= columns + 1 ? line.padEnd(start) + text : line;
  }, "");
}
