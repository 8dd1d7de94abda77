// Writes the bytes of the graph wire format: numbers, texts and shapes, little endian.
// It knows the encoding of values, not which operation has which attributes.
import type { Dim } from "./shape.js";

const text = new TextEncoder();

/** A growing byte buffer with the value encodings of the graph wire format. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** One byte. */
  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** A whole number of at least 0 as LEB128. */
  unsigned(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`wire: ${value} is not a whole number of at least 0`);
    }
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** A whole number of either sign, zigzag encoded: 0, -1, 1, -2 become 0, 1, 2, 3. */
  signed(value: number): this {
    return this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** A float32. */
  float(value: number): this {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  /** A count and that many float32. */
  floats(values: readonly number[]): this {
    this.unsigned(values.length);
    for (const value of values) this.float(value);
    return this;
  }

  /** A count of bytes and the UTF-8 text. */
  text(value: string): this {
    const encoded = text.encode(value);
    this.unsigned(encoded.length);
    return this.bytes(encoded);
  }

  /** Bytes as they are. */
  bytes(values: Uint8Array): this {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  /** A rank and that many extents. */
  dims(dims: readonly Dim[]): this {
    this.unsigned(dims.length);
    for (const { factor, symbol } of dims) this.unsigned(factor).byte(symbol);
    return this;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
