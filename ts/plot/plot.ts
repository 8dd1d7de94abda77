// Role: a diagram in the user's hands. It must not know what it shows.
import { checkNumber, checkOptions } from "../errors.js";
import { type DisplayBundle, showInNotebooks } from "../inspect.js";
import type { Diagram } from "./diagram.js";
import { drawSvg } from "./svg.js";
import { drawText } from "./text.js";

/** How large a plot is as text. */
export interface PlotTextOptions {
  /** Characters in a line, with the axis; whole, at least 20. Default: 72. */
  readonly width?: number;
  /** Lines of each diagram, without its axis; whole, at least 3. Default: 10. */
  readonly height?: number;
}

/** How large a plot is as SVG. */
export interface PlotSvgOptions {
  /** Pixels, with the axis; whole, at least 160. Default: 640. */
  readonly width?: number;
  /** Pixels of each diagram; whole, at least 60. Default: 220. */
  readonly height?: number;
}

/** A drawing, made when it is asked for. */
export class Plot {
  readonly #diagram: Diagram;

  /** @internal */
  constructor(diagram: Diagram) {
    this.#diagram = diagram;
    // Not of the prototype: bundlers leave out classes that nothing is done to.
    showInNotebooks(this, (self) => self.display());
  }

  /** What notebooks show. @internal */
  display(): DisplayBundle {
    return { "text/plain": this.toString(), "image/svg+xml": this.toSVG() };
  }

  /**
   * The drawing for a terminal: Unicode text (braille and box characters) without colours.
   * @throws GradusError for options out of range
   * @example
   * console.log(String(plot));
   */
  toString(options: PlotTextOptions = {}): string {
    const { width, height } = sizeOf("toString", options, [72, 20], [10, 3]);
    return drawText(this.#diagram, width, height);
  }

  /**
   * The drawing as an SVG document.
   * @throws GradusError for options out of range
   * @example
   * writeFileSync("schedule.svg", plot.toSVG({ width: 800 }));
   */
  toSVG(options: PlotSvgOptions = {}): string {
    const { width, height } = sizeOf("toSVG", options, [640, 160], [220, 60]);
    return drawSvg(this.#diagram, width, height);
  }
}

type Size = readonly [byDefault: number, least: number];

function sizeOf(where: string, options: PlotTextOptions, width: Size, height: Size) {
  const given = checkOptions(where, options, ["width", "height"]);
  const size = (name: "width" | "height", [byDefault, min]: Size) =>
    checkNumber(where, name, given[name] ?? byDefault, { integer: true, min, max: 10_000 });
  return { width: size("width", width), height: size("height", height) };
}
