// Role: calls any value by a few words, for errors. It must not raise errors.

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function isTensorLike(value: object): value is { shape: readonly number[]; dtype: string } {
  return "shape" in value && Array.isArray(value.shape) && "dtype" in value && "data" in value;
}

/**
 * A short description of any value, for the "received" of an error.
 * @param value anything
 * @returns `-1`, `"abc"`, `an array of 3 elements [1, 2, 3]`, `a Float32Array of 784 numbers`, …
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > 60 ? `"${value.slice(0, 57)}…"` : `"${value}"`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return value.name === "" ? "a function" : `the function ${value.name}`;
    case "symbol":
      return String(value);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return describeArray(value);
  if (ArrayBuffer.isView(value)) {
    const size = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
    const unit = value instanceof DataView ? "bytes" : "numbers";
    return `${article(value.constructor.name)} of ${size} ${unit}`;
  }
  if (isTensorLike(value)) return `a ${value.dtype} tensor of shape [${value.shape.join(", ")}]`;
  const kind: unknown = value.constructor?.name;
  if (typeof kind === "string" && kind !== "" && kind !== "Object") return article(kind);
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const shown = keys.slice(0, 6).join(", ");
  return `an object with the keys ${shown}${keys.length > 6 ? ", …" : ""}`;
}

function describeArray(value: readonly unknown[]): string {
  if (value.length === 0) return "an empty array";
  const simple = value.slice(0, 6).every((item) => typeof item !== "object" || item === null);
  const size = value.length === 1 ? "1 element" : `${value.length} elements`;
  if (!simple) return `an array of ${size}, the first being ${describe(value[0])}`;
  const shown = value.slice(0, 6).map(describe).join(", ");
  return value.length <= 6 ? `[${shown}]` : `an array of ${size} [${shown}, …]`;
}
