// Role: the paper to draw on, with mouse, finger or keys, and what is drawn as an image like those
// of MNIST. It must not know networks.
import { side } from "./mnist.mjs";

/** Pixels of the paper; what is drawn does not depend on how large it is shown. */
const size = 280;
/** MNIST's digits fill 20 of 28 pixels and are about 2.5 wide. */
const inkSide = 20;
const penWidth = 22;
const step = size / side;

function canvasOf(width) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = width;
  return canvas;
}

/** The paper: an element with a canvas in it. `onChange` is called when something was drawn, `tell` with what keys do. */
export class Paper {
  #sheet;
  #canvas;
  #onChange;
  #tell;
  /** What is drawn, black on nothing: colours are added where it is shown. */
  #ink = canvasOf(size);
  #tint = canvasOf(size);
  #last = null;
  #pen = { x: size / 2, y: 60, down: false, shown: false };

  constructor(sheet, onChange, tell) {
    this.#sheet = sheet;
    this.#canvas = sheet.querySelector("canvas");
    this.#onChange = onChange;
    this.#tell = tell;
    const ink = this.#ink.getContext("2d", { willReadFrequently: true });
    ink.lineWidth = penWidth;
    ink.lineCap = "round";
    ink.lineJoin = "round";
    sheet.addEventListener("pointerdown", (event) => this.#begin(event));
    sheet.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      sheet.addEventListener(name, () => this.#end());
    }
    sheet.addEventListener("keydown", (event) => this.#key(event));
    sheet.addEventListener("focus", () => this.#showPen(sheet.matches(":focus-visible")));
    sheet.addEventListener("blur", () => this.#showPen(false));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#show());
    this.#show();
  }

  /** Takes a new sheet. */
  clear() {
    this.#ink.getContext("2d").clearRect(0, 0, size, size);
    this.#show();
    this.#onChange();
  }

  /** Shows an image of 28 by 28 bytes. */
  paint(image) {
    const small = canvasOf(side);
    const pixels = new ImageData(side, side);
    for (let i = 0; i < image.length; i++) pixels.data[4 * i + 3] = image[i];
    small.getContext("2d").putImageData(pixels, 0, 0);
    const ink = this.#ink.getContext("2d");
    ink.clearRect(0, 0, size, size);
    ink.imageSmoothingQuality = "high";
    ink.drawImage(small, 0, 0, size, size);
    this.#show();
    this.#onChange();
  }

  /**
   * What is drawn as MNIST has it: scaled to 20 by 20 pixels, with its centre of mass in the middle
   * of 28 by 28; null where there is nothing.
   */
  image() {
    const box = this.#box();
    if (!box) return null;
    const scale = inkSide / Math.max(box.width, box.height);
    const small = canvasOf(side).getContext("2d", { willReadFrequently: true });
    small.imageSmoothingQuality = "high";
    const draw = (dx, dy) => {
      small.clearRect(0, 0, side, side);
      const { x, y, width, height } = box;
      small.drawImage(this.#ink, x, y, width, height, dx, dy, width * scale, height * scale);
      const { data } = small.getImageData(0, 0, side, side);
      return Uint8Array.from({ length: side * side }, (_, i) => data[4 * i + 3]);
    };
    const left = (side - box.width * scale) / 2;
    const top = (side - box.height * scale) / 2;
    const first = draw(left, top);
    let mass = 0;
    let column = 0;
    let row = 0;
    for (const [i, ink] of first.entries()) {
      mass += ink;
      column += ink * (i % side);
      row += ink * Math.floor(i / side);
    }
    const middle = (side - 1) / 2;
    return draw(Math.round(left + middle - column / mass), Math.round(top + middle - row / mass));
  }

  /** Where there is ink. */
  #box() {
    const { data } = this.#ink.getContext("2d").getImageData(0, 0, size, size);
    let [left, right, top, bottom] = [size, -1, size, -1];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (data[4 * (y * size + x) + 3] < 32) continue;
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
      }
    }
    if (right < 0) return null;
    return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  }

  #place(event) {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    const scale = size / width;
    return { x: (event.clientX - left) * scale, y: (event.clientY - top) * scale };
  }

  #begin(event) {
    if (event.button !== 0) return;
    this.#sheet.setPointerCapture(event.pointerId);
    this.#last = this.#place(event);
    this.#line(this.#last, this.#last);
  }

  #move(event) {
    if (!this.#last) return;
    // All the points since the last frame, not only the last one.
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const next = this.#place(each);
      this.#line(this.#last, next);
      this.#last = next;
    }
  }

  #end() {
    this.#last = null;
  }

  #key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const pen = this.#pen;
    const move = moves[event.key];
    if (move) {
      const from = { ...pen };
      pen.x = Math.min(size - step, Math.max(step, pen.x + move[0] * step));
      pen.y = Math.min(size - step, Math.max(step, pen.y + move[1] * step));
      if (pen.down) this.#line(from, pen);
    } else if (event.key === " " || event.key === "Enter") {
      pen.down = !pen.down;
      if (pen.down) this.#line(pen, pen);
      this.#tell(pen.down ? "The pen is down." : "The pen is up.");
    } else if (event.key === "Delete" || event.key === "Backspace") {
      pen.down = false;
      this.clear();
      this.#tell("The paper is clear.");
    } else {
      return;
    }
    event.preventDefault();
    this.#showPen(true);
  }

  #showPen(shown) {
    this.#pen.shown = shown;
    if (!shown) this.#pen.down = false;
    this.#show();
  }

  #line(from, to) {
    const ink = this.#ink.getContext("2d");
    ink.beginPath();
    ink.moveTo(from.x, from.y);
    ink.lineTo(to.x, to.y);
    ink.stroke();
    this.#show();
    this.#onChange();
  }

  #show() {
    const style = getComputedStyle(this.#canvas);
    const tint = this.#tint.getContext("2d");
    tint.globalCompositeOperation = "copy";
    tint.drawImage(this.#ink, 0, 0);
    tint.globalCompositeOperation = "source-in";
    tint.fillStyle = style.getPropertyValue("--ink");
    tint.fillRect(0, 0, size, size);
    const shown = this.#canvas.getContext("2d");
    shown.clearRect(0, 0, size, size);
    shown.drawImage(this.#tint, 0, 0);
    const { x, y, down, shown: isShown } = this.#pen;
    if (!isShown) return;
    shown.beginPath();
    shown.arc(x, y, penWidth / 2, 0, 2 * Math.PI);
    shown.lineWidth = 3;
    shown.strokeStyle = style.getPropertyValue(down ? "--second" : "--accent");
    shown.stroke();
  }
}
