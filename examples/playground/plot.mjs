// Role: a curve over epochs that grows while training goes on, as SVG. It must not know networks.

const namespace = "http://www.w3.org/2000/svg";
const margin = { left: 40, right: 10, top: 8, bottom: 20 };
/** More points than pixels show nothing more. */
const mostPoints = 400;

function element(name, attributes, text = "") {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

/** Steps of 1, 2 or 5 times a power of ten that make about `count` parts. */
function niceStep(span, count) {
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

/** A plot of one number: a curve of training, and a dot for each epoch's test. */
export class Plot {
  #svg;
  #name;
  #format;
  #fixedTop;
  #curve = [];
  #dots = [];
  #epochs = 1;

  /** `top` fixes the upper end of the axis. */
  constructor(svg, name, format, top) {
    this.#svg = svg;
    this.#name = name;
    this.#format = format;
    this.#fixedTop = top;
    new ResizeObserver(() => this.#draw()).observe(svg);
  }

  /** Begins anew. */
  reset(epochs) {
    this.#epochs = epochs;
    this.#curve = [];
    this.#dots = [];
    this.#draw();
  }

  /** A value in training; `at` is in epochs. */
  add(at, value) {
    this.#curve.push([at, value]);
    if (this.#curve.length > 2 * mostPoints)
      this.#curve = this.#curve.filter((_, i) => i % 2 === 1);
    this.#draw();
  }

  /** A value of the test images after an epoch. */
  addTest(at, value) {
    this.#dots.push([at, value]);
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#svg;
    if (width === 0) return;
    const values = [...this.#curve, ...this.#dots]
      .map(([, value]) => value)
      .filter(Number.isFinite);
    const most = values.length > 0 ? Math.max(...values) : 1;
    // What is near the top of an accuracy is far apart from it in meaning: the axis begins below.
    const least = this.#fixedTop && values.length > 0 ? Math.min(...values) : 0;
    const step = niceStep(Math.max((this.#fixedTop ?? most) - least, 1e-6), 3);
    const bottom = Math.floor(least / step + 1e-9) * step;
    const top = this.#fixedTop ?? Math.max(step, Math.ceil(most / step - 1e-9) * step);
    const right = width - margin.right;
    const floor = height - margin.bottom;
    const x = (at) => margin.left + (at / this.#epochs) * (right - margin.left);
    const y = (value) => floor - ((value - bottom) / (top - bottom)) * (floor - margin.top);

    const parts = [];
    for (let value = bottom; value <= top + step / 100; value += step) {
      const at = y(value);
      parts.push(element("line", { class: "grid", x1: margin.left, x2: right, y1: at, y2: at }));
      const label = { x: margin.left - 6, y: at + 4, "text-anchor": "end" };
      parts.push(element("text", label, this.#format(value, step)));
    }
    const every = niceStep(this.#epochs, width < 400 ? 4 : 8) ?? 1;
    for (let at = 0; at <= this.#epochs; at += Math.max(1, every)) {
      const anchor = at === this.#epochs ? "end" : "middle";
      const label = { x: x(at) + (anchor === "end" ? 4 : 0), y: height - 4, "text-anchor": anchor };
      const text = at === 0 ? "epoch" : `${at}`;
      parts.push(element("text", label, text));
    }
    const points = this.#curve
      .filter(([, value]) => Number.isFinite(value))
      .map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(element("polyline", { class: "curve", points: points.join(" ") }));
    for (const [at, value] of this.#dots) {
      if (Number.isFinite(value)) parts.push(element("circle", { cx: x(at), cy: y(value), r: 4 }));
    }
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(...parts);
    this.#svg.setAttribute("aria-label", this.#words());
  }

  #words() {
    const last = this.#curve.at(-1);
    if (!last) return `No ${this.#name} yet`;
    const test = this.#dots.at(-1);
    const words = `${this.#name} in training ${this.#format(last[1])} after ${last[0].toFixed(1)} epochs`;
    return test ? `${words}, on test images ${this.#format(test[1])}` : words;
  }
}
