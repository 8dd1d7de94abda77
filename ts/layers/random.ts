// What layers that draw random numbers share: seeds, masks and their shapes. It must not know which
// layers there are.
import { checkNumber, describe, fail } from "../errors.js";
import type { Sym } from "../graph.js";
import { dropout, random } from "../layer-ops.js";
import { multiply, reshapeTo } from "../ops.js";
import { type Dim, fixed, printDims, sameDims } from "../shape.js";
import { Layer, type LayerOptions, onlyInput } from "./layer.js";
import type { SameShape } from "./shape-rules.js";

/** Options of layers that draw random numbers. */
export interface RandomLayerOptions extends LayerOptions {
  /**
   * From 0 to 2^31 - 1: together with the model's seed it fixes what is drawn. Default: the place
   * of the layer in the model, so that no two layers draw the same.
   */
  seed?: number;
}

/** An option of layers that zero elements. */
export interface RateOption {
  /** The share of elements that is dropped, from 0 to below 1. */
  rate: number;
}

/** An option of layers whose masks need not tell all elements apart. */
export interface NoiseShapeOption {
  /**
   * The shape of the mask, batch included: 1 for an axis along which it stays the same, `null` (or
   * the extent itself) for one along which it differs. Default: that of the input.
   */
  noiseShape?: readonly (number | null)[];
}

/** Streams with this bit come from seeds, others from places. */
const seeded = 2 ** 31;

/** Checks a rate. */
export function checkRate(kind: string, rate: unknown): number {
  return checkNumber(kind, "rate", rate, { min: 0, exclusiveMax: 1 });
}

/** What a layer does to its input where random numbers are drawn. */
export interface RandomRule {
  /** False where it does nothing even then. */
  readonly active: boolean;
  /** The shape of the mask, and a check of the input. Default: the shape of the input. */
  noise?(x: Sym): readonly Dim[];
  /** The output. */
  draw(x: Sym, stream: number, noise: readonly Dim[]): Sym;
}

/** A layer that passes its input on, but for steps that draw random numbers. */
export function randomLayer(
  kind: string,
  given: RandomLayerOptions,
  { active, noise, draw }: RandomRule,
): Layer<SameShape> {
  const limits = { integer: true, min: 0, max: seeded - 1 };
  const seed = given.seed === undefined ? null : checkNumber(kind, "seed", given.seed, limits);
  return new Layer(
    {
      kind,
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        const shape = noise?.(x) ?? x.dims;
        if (!context.random || !active) return x;
        return draw(x, seed === null ? context.stream : seeded + seed, shape);
      },
    },
    given,
  );
}

/** Sets a random share of the elements to 0 and divides the rest by `1 - rate`. */
export function dropped(x: Sym, rate: number, stream: number, noise: readonly Dim[]): Sym {
  if (sameDims(noise, x.dims)) return dropout(x, rate, stream);
  const { graph, dims } = x;
  const { factor: samples, symbol } = graph.batch;
  if (samples === 1 || noise[0]?.symbol !== 0) {
    return multiply(x, random(graph, "keep", [rate], stream, noise));
  }
  // One mask for all rows, but one for each sample of a row.
  const mask = random(graph, "keep", [rate], stream, [fixed(samples), ...noise.slice(1)]);
  const rows = reshapeTo(x, [{ factor: 1, symbol }, fixed(samples), ...dims.slice(1)]);
  return reshapeTo(multiply(rows, mask), dims);
}

/** The shape of masks as an option gives it, checked against inputs. */
export function noiseOf(
  kind: string,
  shape: NoiseShapeOption["noiseShape"],
): ((x: Sym) => readonly Dim[]) | undefined {
  if (shape === undefined) return undefined;
  if (!Array.isArray(shape)) {
    fail(kind, {
      expected: "noiseShape to be an array such as [null, 1, 16]",
      received: describe(shape),
    });
  }
  const wanted = [...shape];
  for (const [i, extent] of wanted.entries()) {
    if (extent !== null) checkNumber(kind, `noiseShape[${i}]`, extent, { integer: true, min: 1 });
  }
  return ({ dims, graph }) => {
    const fits = (dim: Dim, i: number) =>
      wanted[i] === null || wanted[i] === 1 || (dim.symbol === 0 && wanted[i] === dim.factor);
    if (wanted.length !== dims.length || !dims.every(fits)) {
      fail(graph.place("noiseShape"), {
        expected: `for each axis of ${printDims(dims)} 1, null or its extent`,
        received: `[${wanted.map(String).join(", ")}]`,
        hint: "The first axis is the batch: null draws a mask for each row.",
      });
    }
    return dims.map((dim, i) => (wanted[i] === null ? dim : fixed(wanted[i])));
  };
}
