// The file that carries a model to gradus/infer: what stands in its metadata, and the checks of a
// file that is read. It must not know how graphs are made or run.
import { fail } from "../errors.js";
import type { Form } from "../models/parts.js";
import { readSafetensors, type StoredTensor } from "./safetensors.js";

/** What files of this kind say of themselves. */
export const fileFormat = "gradus";
/** The version of the format. */
export const fileVersion = "1";
/** The tensor that holds the graph in wire format. */
export const graphName = "graph";

/** An input or output: its name, and the shape of a row. */
export interface PartDescription {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a file says of its model. */
export interface FileDescription {
  readonly name: string;
  readonly inputForm: Form;
  readonly inputs: readonly PartDescription[];
  readonly outputForm: Form;
  readonly outputs: readonly PartDescription[];
  /** The tensors that the graph numbers 0, 1, and so on. */
  readonly weights: readonly string[];
}

/** A model as a file holds it. */
export interface ModelFile extends Omit<FileDescription, "weights"> {
  readonly weights: readonly (StoredTensor & { readonly name: string })[];
  readonly wire: Uint8Array;
}

/**
 * Reads a file; its weights are views of it.
 * @throws GradusError for anything but such a file, saying where it is wrong
 */
export function readModelFile(where: string, bytes: Uint8Array): ModelFile {
  const { tensors, metadata } = readSafetensors(where, bytes);
  const place = `${where}: metadata`;
  if (metadata.format !== fileFormat) {
    fail(place, {
      expected: `the format "${fileFormat}"`,
      received: metadata.format === undefined ? "none" : JSON.stringify(metadata.format),
      hint: "Write the file with exportModel(model).",
    });
  }
  if (metadata.version !== fileVersion) {
    fail(place, {
      expected: `version ${fileVersion}`,
      received: JSON.stringify(metadata.version ?? null),
      hint: "Export the model with the same version of gradus.",
    });
  }
  const { weights, ...description } = descriptionOf(`${place}: model`, metadata.model);
  const stored = (name: string, dtype: StoredTensor["dtype"]): StoredTensor => {
    const tensor = tensors.get(name);
    if (tensor?.dtype === dtype) return tensor;
    return fail(`${where}: "${name}"`, {
      expected: `a tensor of dtype ${dtype}`,
      received: tensor ? tensor.dtype : "none",
    });
  };
  return {
    ...description,
    weights: weights.map((name) => ({ name, ...stored(name, "F32") })),
    wire: stored(graphName, "U8").bytes,
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isForm = (value: unknown) => value === "one" || value === "array" || value === "record";
const isExtent = (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0;

function isPart(value: unknown): value is PartDescription {
  const { name, shape } = (value ?? {}) as Partial<PartDescription>;
  return isText(name) && Array.isArray(shape) && shape.length < 6 && shape.every(isExtent);
}

const areTexts = (value: unknown) => Array.isArray(value) && value.every(isText);

/** Parts with names of their own; one alone only where the form says so. */
function areParts(value: unknown, form: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isPart)) return false;
  const names = new Set(value.map(({ name }) => name));
  return names.size === value.length && (form !== "one" || value.length === 1);
}

function descriptionOf(place: string, text: string | undefined): FileDescription {
  let found: Partial<Record<keyof FileDescription, unknown>> | null = null;
  try {
    found = JSON.parse(text ?? "null");
  } catch {
    // Said below.
  }
  const { name, inputForm, inputs, outputForm, outputs, weights } = found ?? {};
  const checks: readonly [string, boolean][] = [
    ["name", isText(name)],
    ["inputForm", isForm(inputForm)],
    ["inputs", areParts(inputs, inputForm)],
    ["outputForm", isForm(outputForm)],
    ["outputs", areParts(outputs, outputForm)],
    ["weights", areTexts(weights)],
  ];
  const wrong = checks.filter(([, fits]) => !fits).map(([key]) => key);
  if (wrong.length > 0) {
    fail(place, { expected: "a description of a model", received: `no right ${wrong.join(", ")}` });
  }
  return { name, inputForm, inputs, outputForm, outputs, weights } as FileDescription;
}
