// Writes ONNX models, as much of the format (onnx.proto3, opset 13) as the peers that only predict
// need: a chain of operations on float32 with its weights inside.

/** @param {number} value a varint of up to 53 bits */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const number = (/** @type {number} */ field, /** @type {number} */ value) =>
  join([varint(field * 8), varint(value)]);
const bytes = (/** @type {number} */ field, /** @type {Uint8Array} */ value) =>
  join([varint(field * 8 + 2), varint(value.length), value]);
const text = (/** @type {number} */ field, /** @type {string} */ value) =>
  bytes(field, new TextEncoder().encode(value));
const message = (/** @type {number} */ field, /** @type {Uint8Array[]} */ ...parts) =>
  bytes(field, join(parts));

const float = 1;
const integerAttribute = 2;

/**
 * @param {number} field
 * @param {string} name
 * @param {number[]} dims
 */
const valueInfo = (field, name, dims) => {
  const shape = message(2, ...dims.map((extent) => message(1, number(1, extent))));
  return message(field, text(1, name), message(2, message(1, number(1, float), shape)));
};

/**
 * @typedef {object} Node
 * @property {string} op
 * @property {string[]} inputs
 * @property {string} output
 * @property {Record<string, number>} [attributes] whole numbers
 */

/**
 * @param {object} model
 * @param {Record<string, number[]>} model.inputs shapes by name
 * @param {Record<string, number[]>} model.outputs
 * @param {Node[]} model.nodes in order
 * @param {Record<string, { dims: number[], values: Float32Array }>} [model.weights]
 * @returns {Uint8Array} the bytes of a .onnx file
 */
export function onnxModel({ inputs, outputs, nodes, weights = {} }) {
  const graph = message(
    7,
    ...nodes.map(({ op, inputs: from, output, attributes = {} }) =>
      message(
        1,
        ...from.map((name) => text(1, name)),
        text(2, output),
        text(4, op),
        ...Object.entries(attributes).map(([name, value]) =>
          message(5, text(1, name), number(3, value), number(20, integerAttribute)),
        ),
      ),
    ),
    text(2, "net"),
    ...Object.entries(weights).map(([name, { dims, values }]) =>
      message(
        5,
        ...dims.map((extent) => number(1, extent)),
        number(2, float),
        text(8, name),
        bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
      ),
    ),
    ...Object.entries(inputs).map(([name, dims]) => valueInfo(11, name, dims)),
    ...Object.entries(outputs).map(([name, dims]) => valueInfo(12, name, dims)),
  );
  return join([number(1, 8), graph, message(8, text(1, ""), number(2, 13))]);
}
