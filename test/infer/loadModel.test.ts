// Where files come from, what predict of a loaded model takes and refuses, and what is said of
// damaged files. However a file is damaged, nothing but a GradusError comes of it, and models that
// were loaded before predict as before.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpName, opCodes } from "../../ts/graph.js";
import { operationsOfPrediction } from "../../ts/io/exportModel.js";
import { gradus, infer, numbers } from "./packaged.js";

const { dense, exportModel, sequential } = gradus;
const { GradusError, loadModel, tensor } = infer;

let file: Uint8Array<ArrayBuffer>;
let expected: number[];
const x = numbers(3 * 4, 1);
const folder = mkdtempSync(join(tmpdir(), "gradus-files-"));

beforeAll(async () => {
  const model = sequential({
    inputShape: [4],
    seed: 1,
    name: "small",
    layers: [
      dense({ units: 5, activation: "relu" }),
      gradus.batchNormalization(),
      gradus.layerNormalization(),
      dense({ units: 3, activation: "softmax" }),
    ],
  });
  file = await exportModel(model);
  expected = [...(await (await loadModel(file)).predict(x)).data];
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("loadModel", () => {
  it("takes bytes, paths, addresses and responses", async () => {
    const path = join(folder, "small.gradus");
    writeFileSync(path, file);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    const sources = [file, file.buffer, shifted.subarray(3), path, pathToFileURL(path)];
    for (const source of [...sources, pathToFileURL(path).href, new Response(file)]) {
      const model = await loadModel(source);
      expect([...(await model.predict(x)).data]).toEqual(expected);
      expect(model.name).toBe("small");
      expect(model.inputShape).toEqual([null, 4]);
      expect(model.outputShape).toEqual([null, 3]);
    }
  });

  it("says where a file cannot be had", async () => {
    await expect(loadModel(join(folder, "none"))).rejects.toThrow(
      /^loadModel: expected a file at .*none, received Error: ENOENT/,
    );
    const missing = new Response("no", { status: 404 });
    await expect(loadModel(missing)).rejects.toThrow(/received status 404/);
    await expect(loadModel(3 as never)).rejects.toThrow(
      /^loadModel: expected bytes, a URL, a path or a Response, received 3/,
    );
  });
});

describe("a loaded model", () => {
  it("takes every form of data, with the checks of the whole library", async () => {
    const model = await loadModel(file);
    const nested = [0, 1, 2].map((row) => [...x.subarray(4 * row, 4 * row + 4)]);
    const separate = [0, 1, 2].map((row) => x.slice(4 * row, 4 * row + 4));
    for (const data of [nested, separate, tensor(x, [3, 4]), Float64Array.from(x)]) {
      expect([...(await model.predict(data)).data]).toEqual(expected);
    }
    const bytes = new Uint8Array([1, 2, 3, 255]);
    const [same, other] = [
      await model.predict(bytes),
      await model.predict(Float32Array.from(bytes)),
    ];
    expect(same.data).toEqual(other.data);
    await expect(model.predict([[1, 2, 3]])).rejects.toThrow(
      /^predict: expected x to have rows of shape \[4\].*received rows of shape \[3\]/,
    );
    await expect(model.predict([[1, 2, Number.NaN, 4]])).rejects.toThrow(/NaN in row 0, column 2/);
    await expect(model.predict(x, { batchsize: 3 } as never)).rejects.toThrow(
      /did you mean batchSize/,
    );
    await expect(model.predict(x, { batchSize: 0 })).rejects.toThrow(
      /batchSize to be a whole number >= 1/,
    );
  });

  it("predicts in turns, in batches of any size, until a signal ends it", async () => {
    const model = await loadModel(file);
    const many = numbers(4 * 1000, 8);
    const whole = await model.predict(many, { batchSize: 1000 });
    const parts = await Promise.all(
      [1, 33, 999].map((batchSize) => model.predict(many, { batchSize, yieldEvery: 0 })),
    );
    for (const part of parts) expect(part.data).toEqual(whole.data);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(model.predict(many, { signal })).rejects.toThrow("enough");
    const stop = new AbortController();
    const running = model.predict(many, { signal: stop.signal, batchSize: 1, yieldEvery: 0 });
    stop.abort(new Error("later"));
    await expect(running).rejects.toThrow("later");
  });

  it("is gone after dispose, and others stay", async () => {
    const [model, other] = [await loadModel(file), await loadModel(file)];
    model.dispose();
    await expect(model.predict(x)).rejects.toThrow(
      /a model in use, received one that was disposed of/,
    );
    expect([...(await other.predict(x)).data]).toEqual(expected);
  });

  it("says which engine runs", () => {
    expect(infer.runtimeInfo()).toMatchObject({
      build: "gradus-infer-strict.wasm",
      simd: "strict",
    });
  });
});

/** The file with other text for its header. */
function withText(text: string): Uint8Array {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = new TextEncoder().encode(text);
  const data = file.subarray(8 + length);
  const made = new Uint8Array(8 + header.length + data.length);
  new DataView(made.buffer).setBigUint64(0, BigInt(header.length), true);
  made.set(header, 8);
  made.set(data, 8 + header.length);
  return made;
}

/** The file with its header changed. */
function withHeader(change: (header: Header) => unknown): Uint8Array {
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header: Header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  change(header);
  return withText(JSON.stringify(header));
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: number[];
}

interface Header {
  __metadata__: Record<string, string>;
  graph?: Entry | undefined;
  other?: Entry | undefined;
}

const graphOf = (header: Header) => header.graph as Entry;

/** The description in the metadata, changed. */
const described = (change: (model: object) => unknown) =>
  withHeader(({ __metadata__: metadata }) => {
    const model = JSON.parse(metadata.model as string);
    change(model);
    metadata.model = JSON.stringify(model);
  });

/** A byte of the graph, changed. */
function graphByte(at: number, value: number): Uint8Array {
  const made = file.slice();
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
  made[8 + length + header.graph.data_offsets[0] + at] = value;
  return made;
}

/** The file with another graph. */
function withGraph(graph: readonly number[]): Uint8Array {
  const damaged = withHeader((header) => {
    const { data_offsets: offsets } = graphOf(header);
    offsets[1] = (offsets[0] as number) + graph.length;
    graphOf(header).shape = [graph.length];
  });
  // The graph is the last tensor.
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Header;
  const [from = 0, to = 0] = graphOf(header).data_offsets;
  return Uint8Array.from([...damaged.subarray(0, damaged.length - (to - from)), ...graph]);
}

describe("the engine that only predicts", () => {
  it.each(Object.entries(opCodes))("reads what exportModel writes: %s", async (name, code) => {
    const magic = new TextEncoder().encode("GRA1");
    // No origins; one node, of the first origin, without inputs and attributes.
    const error = await loadModel(withGraph([...magic, 0, 1, code, 0, 0, 0, 0, 0])).catch(String);
    const unknown =
      /^GradusError: loadModel: expected an operation of this version, received another/;
    if (operationsOfPrediction.includes(name as OpName)) expect(error).not.toMatch(unknown);
    else expect(error).toMatch(unknown);
  });
});

describe("a damaged file", () => {
  const cases: Record<string, [() => Uint8Array, RegExp]> = {
    "too short": [() => file.slice(0, 5), /a safetensors file, received 5 bytes/],
    "a header beyond the end": [
      () => file.slice(0, 40),
      /header: expected at most 32 bytes, the rest of the file, received a length of \d+\. Hint: .*cut off/,
    ],
    "another kind of file": [
      () => new TextEncoder().encode("<!doctype html>".repeat(9)),
      /header: expected at most \d+ bytes/,
    ],
    "no JSON": [() => withText("{"), /header: expected JSON, received other bytes/],
    "other JSON": [() => withText("[]"), /header: expected an object, received other JSON/],
    "cut off data": [
      () => file.slice(0, -1),
      /data_offsets within the \d+ bytes of data, received/,
    ],
    "bytes too many": [
      () => Uint8Array.from([...file, 0]),
      /tensors for all \d+ bytes of data, received/,
    ],
    "overlapping tensors": [
      () =>
        withHeader((header) => {
          const graph = graphOf(header);
          graph.data_offsets = graph.data_offsets.map((at) => at - 4);
        }),
      /"graph": expected data from byte \d+ on, received byte \d+: tensors that overlap/,
    ],
    "an unknown dtype": [
      () => withHeader((header) => Object.assign(graphOf(header), { dtype: "F16" })),
      /"graph": expected the dtype F32 or U8, received "F16"/,
    ],
    "a shape that does not fit": [
      () => withHeader((header) => Object.assign(graphOf(header), { shape: [3] })),
      /"graph": expected 3 bytes for U8 \[3\], received/,
    ],
    "another format": [
      () => withHeader((header) => Object.assign(header, { __metadata__: { format: "pt" } })),
      /metadata: expected the format "gradus", received "pt"\. Hint: Write the file with exportModel/,
    ],
    "another version": [
      () => withHeader((header) => Object.assign(header.__metadata__, { version: "2" })),
      /metadata: expected version 1, received "2"/,
    ],
    "no description": [
      () => withHeader((header) => Object.assign(header.__metadata__, { model: "null" })),
      /metadata: model: expected a description of a model, received no right name, inputForm/,
    ],
    "a weight that is missing": [
      () => described((model) => Object.assign(model, { weights: ["nothing"] })),
      /"nothing": expected a tensor of dtype F32, received none/,
    ],
    "a graph that is missing": [
      () =>
        withHeader((header) => {
          header.other = header.graph;
          header.graph = undefined;
        }),
      /"graph": expected a tensor of dtype U8, received none/,
    ],
    "fewer weights than the graph has": [
      () => described((model) => Object.assign(model, { weights: [] })),
      /loadModel: expected a graph as exportModel writes it, received a damaged one/,
    ],
    "another input shape": [
      () => described((model) => Object.assign(model, { inputs: [{ name: "input", shape: [5] }] })),
      /input "input": expected the graph to hold what the metadata say, \[1,5\], received \[1,4\]/,
    ],
    "another output shape": [
      () =>
        described((model) => Object.assign(model, { outputs: [{ name: "dense_1", shape: [4] }] })),
      /output "dense_1": expected the graph to hold what the metadata say, \[1,4\], received \[1,3\]/,
    ],
    "another start of the graph": [
      () => graphByte(0, 0),
      /expected a graph as exportModel writes it/,
    ],
    "a graph that trains": [
      () => {
        const made = file.slice();
        made[made.length - 2] = 1;
        return made;
      },
      /expected a graph as exportModel writes it/,
    ],
    "weights that are not numbers": [
      () => {
        const made = file.slice();
        const length = Number(new DataView(file.buffer).getBigUint64(0, true));
        new DataView(made.buffer).setFloat32(8 + length + 4, Number.NaN, true);
        return made;
      },
      /".*\/.*": expected finite numbers, received NaN at place 1\. Hint: The file is damaged/,
    ],
  };

  it.each(Object.keys(cases))("with %s is told from a good one", async (name) => {
    const [make, message] = cases[name] as [() => Uint8Array, RegExp];
    const error: unknown = await loadModel(make()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GradusError);
    expect(String(error)).toMatch(/^GradusError: loadModel/);
    expect(String(error)).toMatch(message);
  });

  it("never does harm, however it is damaged", { timeout: 300_000 }, async () => {
    const good = await loadModel(file);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length)));
    const graphAt = 8 + length + header.graph.data_offsets[0];
    // The graph and the header are where a byte makes most of a difference.
    const place = fc.oneof(
      fc.nat(file.length - 1),
      fc.nat(8 + length - 1),
      fc.integer({ min: graphAt, max: file.length - 1 }),
      fc.integer({ min: graphAt, max: file.length - 1 }),
    );
    const change = fc.record({ place, value: fc.integer({ min: 0, max: 255 }) });
    const cut = fc.option(fc.nat(file.length), { nil: file.length, freq: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), cut, async (changes, end) => {
        const damaged = file.slice();
        for (const { place, value } of changes) damaged[place] = value;
        try {
          const model = await loadModel(damaged.subarray(0, end));
          const [inputs, outputs] = [model.inputNames, model.outputNames];
          expect([inputs.length, outputs.length]).toEqual([1, 1]);
          for (const batchSize of [1, 2]) await model.predict(x, { batchSize });
          model.dispose();
        } catch (error) {
          expect(error).toBeInstanceOf(GradusError);
          expect(String(error)).not.toMatch(/internal error/);
        }
        expect([...(await good.predict(x)).data]).toEqual(expected);
      }),
      { numRuns: 3000, seed: 6 },
    );
  });
});
