// The noise of denoising autoencoders: it spoils inputs while training, and only then.
import { checkNumber, checkOptions } from "../errors.js";
import { dropout } from "../layer-ops.js";
import { Layer, onlyInput } from "../layers/layer.js";
import { multiply } from "../ops.js";

/** Masking noise: a random share of the inputs becomes 0, the others stay as they are. */
export interface MaskingNoise {
  /** The share, from 0 to below 1. */
  rate: number;
}

/** How inputs are spoilt. */
export type Corruption = MaskingNoise;

/** Checks a noise; returns what makes a layer of it for each training. */
export function resolveCorruption(where: string, given: Corruption | undefined): () => Layer[] {
  if (given === undefined) return () => [];
  const { rate } = checkOptions(`${where}: noise`, given, ["rate"]);
  checkNumber(`${where}: noise`, "rate", rate, { min: 0, exclusiveMax: 1 });
  return () => [maskingNoise(rate)];
}

/** Unlike dropout it does not scale up what is left: zeros are what the encoder has to see through. */
function maskingNoise(rate: number): Layer {
  const kind = "maskingNoise";
  return new Layer(
    {
      kind,
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        if (!context.random || rate === 0) return x;
        return multiply(dropout(x, rate, context.stream), 1 - rate);
      },
    },
    {},
  );
}
