// Writes graphs for the engine, as much of the wire format as the benchmark needs. ts/wire.ts
// writes the same bytes for users; this one is apart so that the engine can be measured alone.

/** Numbers of the operations. */
const codes = {
  input: 1,
  variable: 2,
  matMul: 5,
  unary: 6,
  binary: 7,
  reduce: 8,
  softmax: 11,
  sparseCrossEntropy: 13,
  batchNorm: 17,
};
const types = { float32: 0, int32: 1 };

/** @typedef {number | { batch: number }} Extent a fixed number, or this many per row of the batch */

class Bytes {
  /** @type {number[]} */
  list = [];

  /** @param {number[]} values */
  byte(...values) {
    this.list.push(...values);
    return this;
  }

  /** @param {number} value LEB128 */
  count(value) {
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    return this.byte(rest);
  }

  /** @param {string} value */
  text(value) {
    const encoded = new TextEncoder().encode(value);
    return this.count(encoded.length).byte(...encoded);
  }

  /** @param {number} value */
  float(value) {
    return this.byte(...new Uint8Array(Float32Array.of(value).buffer));
  }

  /** @param {Extent[]} extents */
  dims(extents) {
    this.count(extents.length);
    for (const extent of extents) {
      if (typeof extent === "number") this.count(extent).byte(0);
      else this.count(extent.batch).byte(1);
    }
    return this;
  }
}

/** Values are numbers of nodes: every operation here has one result. */
export class GraphWriter {
  /** Names of the inputs: their places here are their numbers in the engine. */
  inputs = /** @type {string[]} */ ([]);
  #nodes = new Bytes();
  #nodeCount = 0;
  #outputs = new Bytes();
  #outputCount = 0;
  #train = new Bytes().byte(0);

  /**
   * @param {keyof typeof codes} op
   * @param {number[]} inputs
   */
  #node(op, ...inputs) {
    this.#nodes.byte(codes[op]).count(0).count(inputs.length);
    for (const input of inputs) this.#nodes.count(input).count(0);
    this.#nodeCount += 1;
    return this.#nodeCount - 1;
  }

  /**
   * @param {string} name
   * @param {keyof typeof types} type
   * @param {Extent[]} dims
   */
  input(name, type, dims) {
    const node = this.#node("input");
    this.inputs.push(name);
    this.#nodes.text(name).byte(types[type]).dims(dims);
    return node;
  }

  /** @param {number} id */
  variable(id) {
    const node = this.#node("variable");
    this.#nodes.count(id);
    return node;
  }

  /**
   * @param {number} a
   * @param {number} b
   */
  matMul(a, b, transposeA = false, transposeB = false) {
    const node = this.#node("matMul", a, b);
    this.#nodes.byte(Number(transposeA) + 2 * Number(transposeB));
    return node;
  }

  /** @param {string} kind @param {number} x */
  unary(kind, x) {
    const node = this.#node("unary", x);
    this.#nodes.text(kind).count(0);
    return node;
  }

  /** @param {string} kind @param {number} a @param {number} b */
  binary(kind, a, b) {
    const node = this.#node("binary", a, b);
    this.#nodes.text(kind);
    return node;
  }

  /** @param {number} x */
  softmax(x) {
    return this.#node("softmax", x);
  }

  /** @param {number} x normalised over all axes but the last @param {number} epsilon */
  batchNorm(x, epsilon) {
    const node = this.#node("batchNorm", x);
    this.#nodes.float(epsilon).byte(0);
    return node;
  }

  /** @param {number} logits @param {number} labels */
  sparseCrossEntropy(logits, labels) {
    return this.#node("sparseCrossEntropy", logits, labels);
  }

  /** @param {number} x over all axes */
  mean(x) {
    const node = this.#node("reduce", x);
    this.#nodes.text("mean").count(0).byte(0);
    return node;
  }

  /** @param {string} name @param {number} value */
  output(name, value) {
    this.#outputs.text(name).count(value).count(0);
    this.#outputCount += 1;
  }

  /**
   * @param {object} training
   * @param {number} training.loss
   * @param {number} training.learningRate
   * @param {string} training.rule
   * @param {number[]} training.hyperparameters
   * @param {{ id: number, slots: number[] }[]} training.trainables
   */
  train({ loss, learningRate, rule, hyperparameters, trainables }) {
    const [noClipping, noGathering, noNorms] = [0, 0, 0];
    const part = new Bytes().byte(1).count(loss).count(0).count(learningRate).byte(0);
    part.text(rule).count(hyperparameters.length);
    for (const value of hyperparameters) part.float(value);
    part
      .byte(noClipping)
      .float(0)
      .byte(noGathering)
      .count(1)
      .byte(noNorms)
      .count(trainables.length);
    for (const { id, slots } of trainables) {
      part.count(id).float(1).float(0).count(slots.length);
      for (const slot of slots) part.count(slot);
    }
    this.#train = part;
  }

  finish() {
    const head = new Bytes().byte(...new TextEncoder().encode("GRA1"));
    head.count(1).text("").count(this.#nodeCount);
    const outputs = new Bytes().count(this.#outputCount);
    const effects = new Bytes().count(0);
    const after = new Bytes().count(0);
    const parts = [head, this.#nodes, outputs, this.#outputs, effects, this.#train, after];
    return Uint8Array.from(parts.flatMap(({ list }) => list));
  }
}
