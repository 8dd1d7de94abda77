// Loads a model from wherever its file is.
import type { DataLike } from "../data/rows.js";
import type { Tensor } from "../data/tensor.js";
import { describe, fail, GradusError } from "../errors.js";
import { readModelFile } from "../io/model-file.js";
import { loadedCore } from "../runtime/load.js";
import { fileSystem, isResponse, readBytes } from "../runtime/platform.js";
import { LoadedModel } from "./loaded-model.js";

/**
 * Where a model's file is: its bytes, its address (in Node, Deno and Bun also a path), or the answer
 * of a `fetch`.
 */
export type ModelSource = Uint8Array | ArrayBuffer | URL | string | Response;

/**
 * Loads a model that `exportModel` of `gradus` wrote. Loads the engine, too, if `init` has not.
 *
 * `X` and `Y` are the types of the data and of the predictions, for models with several inputs or
 * outputs. Throws a `GradusError` for a file that cannot be had or is damaged, saying where.
 *
 * @example
 * const model = await loadModel(new URL("digits.gradus", import.meta.url));
 * const probabilities = await model.predict(pixels);
 *
 * @example
 * const model = await loadModel<{ image: DataLike; age: DataLike }, [Tensor, Tensor]>(bytes);
 */
export async function loadModel<X = DataLike, Y = Tensor>(
  source: ModelSource,
): Promise<LoadedModel<X, Y>> {
  const where = "loadModel";
  const bytes = await bytesOf(where, source);
  const file = readModelFile(where, bytes);
  return new LoadedModel<X, Y>(await loadedCore(), where, file);
}

async function bytesOf(where: string, source: ModelSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (typeof source !== "string" && !(source instanceof URL)) {
    if (isResponse(source)) return bodyOf(where, source);
    return fail(where, {
      expected: "bytes, a URL, a path or a Response",
      received: describe(source),
    });
  }
  try {
    const found = await (typeof source === "string" ? readPath(source) : readBytes(source));
    return isResponse(found) ? await bodyOf(where, found) : found;
  } catch (error) {
    if (error instanceof GradusError) throw error;
    return fail(where, { expected: `a file at ${source}`, received: String(error) });
  }
}

/** A path where there are files, else an address, which may be relative to the page. */
function readPath(path: string): Promise<Uint8Array | Response> {
  const base = globalThis.location?.href;
  const fs = fileSystem();
  if (fs && !base && !URL.canParse(path)) return fs.promises.readFile(path);
  return readBytes(new URL(path, base));
}

async function bodyOf(where: string, response: Response): Promise<Uint8Array> {
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  return fail(where, {
    expected: `a file at ${response.url}`,
    received: `status ${response.status}`,
  });
}
