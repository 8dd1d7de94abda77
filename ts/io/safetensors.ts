// Reads and writes safetensors: eight bytes with the length of a header, the header in JSON, and the
// tensors' bytes one after the other. It must not know models.
// Source: https://github.com/huggingface/safetensors#format
import { shapeText, sizeOf } from "../data/tensor.js";
import { fail } from "../errors.js";

const sizes = { F32: 4, U8: 1 } as const;

/** A tensor in a file. */
export interface StoredTensor {
  readonly dtype: keyof typeof sizes;
  readonly shape: readonly number[];
  /** Its elements, little endian, row by row. */
  readonly bytes: Uint8Array;
}

/** What a file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const metadataKey = "__metadata__";
const lengthBytes = 8;

/** The bytes of a file. */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    const start = end;
    end += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify(Object.fromEntries([[metadataKey, metadata], ...entries]));
  const header = new TextEncoder().encode(text);
  // Spaces at its end bring the data to a multiple of eight.
  const length = Math.ceil(header.length / 8) * 8;
  const file = new Uint8Array(lengthBytes + length + end).fill(32, 0, lengthBytes + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(header, lengthBytes);
  let at = lengthBytes + length;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * What a file holds; its tensors are views of `file`.
 * @throws GradusError for bytes that are no such file, saying where
 */
export function readSafetensors(where: string, file: Uint8Array): SafetensorsFile {
  const place = `${where}: header`;
  if (file.length < lengthBytes) {
    fail(where, { expected: "a safetensors file", received: `${file.length} bytes` });
  }
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const room = file.length - lengthBytes;
  if (length > room) {
    fail(place, {
      expected: `at most ${room} bytes, the rest of the file`,
      received: `a length of ${length}`,
      hint: "The file is cut off, or is no safetensors file.",
    });
  }
  const dataStart = lengthBytes + Number(length);
  const { [metadataKey]: metadata = {}, ...entries } = headerOf(
    place,
    file.subarray(lengthBytes, dataStart),
  );
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    fail(`${place}: ${metadataKey}`, { expected: "texts by name", received: "something else" });
  }
  const data = file.subarray(dataStart);
  const found = Object.entries(entries).map(([name, entry]) => {
    return [name, readEntry(`${place}: "${name}"`, entry, data)] as const;
  });
  checkCover(place, found, data.length);
  const tensors = new Map(found.map(([name, { tensor }]) => [name, tensor]));
  return { tensors, metadata: metadata as Record<string, string> };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function headerOf(place: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    fail(place, { expected: "JSON", received: `other bytes (${(error as Error).message})` });
  }
  if (isObject(header)) return header;
  return fail(place, { expected: "an object", received: "other JSON" });
}

interface Entry {
  readonly tensor: StoredTensor;
  readonly start: number;
  readonly end: number;
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function readEntry(place: string, entry: unknown, data: Uint8Array): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(entry) ? entry : {};
  if (typeof dtype !== "string" || !Object.hasOwn(sizes, dtype)) {
    return fail(place, {
      expected: "the dtype F32 or U8",
      received: JSON.stringify(dtype ?? null),
    });
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    return fail(place, { expected: "a shape", received: JSON.stringify(shape ?? null) });
  }
  const [start, end] = Array.isArray(offsets) && offsets.every(isSize) ? offsets : [];
  if (start === undefined || end === undefined || start > end || end > data.length) {
    return fail(place, {
      expected: `data_offsets within the ${data.length} bytes of data`,
      received: JSON.stringify(offsets ?? null),
      hint: "The file is cut off or damaged.",
    });
  }
  const kind = dtype as keyof typeof sizes;
  if (sizeOf(shape) * sizes[kind] !== end - start) {
    return fail(place, {
      expected: `${sizeOf(shape) * sizes[kind]} bytes for ${kind} ${shapeText(shape)}`,
      received: `${end - start}`,
    });
  }
  return { tensor: { dtype: kind, shape, bytes: data.subarray(start, end) }, start, end };
}

/** Tensors lie one after the other without gaps, as the format wants. */
function checkCover(place: string, entries: readonly (readonly [string, Entry])[], size: number) {
  let covered = 0;
  for (const [name, { start, end }] of [...entries].sort(
    ([, a], [, b]) => a.start - b.start || a.end - b.end,
  )) {
    if (start !== covered) {
      fail(`${place}: "${name}"`, {
        expected: `data from byte ${covered} on`,
        received: `byte ${start}: tensors that ${start < covered ? "overlap" : "leave a gap"}`,
      });
    }
    covered = end;
  }
  if (covered === size) return;
  fail(place, { expected: `tensors for all ${size} bytes of data`, received: `${covered}` });
}
