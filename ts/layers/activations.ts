// A layer for each activation, with the activation's options beside those of every layer.
// Sources and papers stand with the functions, in ../activations.ts.

import * as activations from "../activations.js";
import { checkOptions } from "../errors.js";
import { type ActivationLayerOptions, activationLayer } from "./activation.js";
import type { Layer } from "./layer.js";
import type { SameRank, SameShape } from "./shape-rules.js";

const ofLayers = [
  "name",
  "trainable",
  "learningRateMultiplier",
  "inputShape",
  "activityRegularizer",
];

/** Makes an activation a layer: options that are no layer's are the activation's. */
function layer<Options extends object>(
  kind: string,
  { bind }: activations.ParametricFunction<Options>,
  byDefault?: Options,
) {
  return (options: Options & ActivationLayerOptions = {} as Options): Layer<SameShape> => {
    const own: Record<string, unknown> = { ...byDefault };
    const common: Record<string, unknown> = {};
    // Which options there are is asked of each half.
    const names = typeof options === "object" && options !== null ? Object.keys(options) : [];
    for (const [name, value] of Object.entries(checkOptions(kind, options, names))) {
      if (value !== undefined) (ofLayers.includes(name) ? common : own)[name] = value;
    }
    return activationLayer(kind, common, bind(own as Options));
  };
}

/** `x` */
export const linear = /* @__PURE__ */ layer("linear", activations.linear);
/** `1 / (1 + e^-x)` */
export const sigmoid = /* @__PURE__ */ layer("sigmoid", activations.sigmoid);
/** The hyperbolic tangent. */
export const tanh = /* @__PURE__ */ layer("tanh", activations.tanh);
/** Shares that add up to 1 over an axis or several. */
export const softmax = /* @__PURE__ */ layer("softmax", activations.softmax);
/** The logarithm of softmax over an axis or several. */
export const logSoftmax = /* @__PURE__ */ layer("logSoftmax", activations.logSoftmax);
/** Shares that add up to 1, small ones being 0. */
export const sparsemax = /* @__PURE__ */ layer("sparsemax", activations.sparsemax);
/** `log(1 + e^x)` */
export const softplus = /* @__PURE__ */ layer("softplus", activations.softplus);
/** `x / (1 + |x|)` */
export const softsign = /* @__PURE__ */ layer("softsign", activations.softsign);
/** The larger of x and 0; with options a slope below, a largest value, a threshold. */
export const relu = /* @__PURE__ */ layer("relu", activations.relu);
/** relu cut off at 6. */
export const relu6 = /* @__PURE__ */ layer("relu6", activations.relu6);
/** x above 0, `negativeSlope * x` below. The layer's default is 0.3, as in Keras. */
export const leakyRelu = /* @__PURE__ */ layer("leakyRelu", activations.leakyRelu, {
  negativeSlope: 0.3,
});
/** x above 0, `alpha (e^x - 1)` below. */
export const elu = /* @__PURE__ */ layer("elu", activations.elu);
/** elu with the two constants that keep mean 0 and variance 1. */
export const selu = /* @__PURE__ */ layer("selu", activations.selu);
/** x above 0, `alpha (e^(x / alpha) - 1)` below. */
export const celu = /* @__PURE__ */ layer("celu", activations.celu);
/** `x Phi(x)`, Phi being the normal distribution function. */
export const gelu = /* @__PURE__ */ layer("gelu", activations.gelu);
/** `x sigmoid(x)`; with a learned slope: `swish`. */
export const silu = /* @__PURE__ */ layer("silu", activations.silu);
/** `x tanh(softplus(x))` */
export const mish = /* @__PURE__ */ layer("mish", activations.mish);
/** `relu6(x + 3) / 6` */
export const hardSigmoid = /* @__PURE__ */ layer("hardSigmoid", activations.hardSigmoid);
/** `x hardSigmoid(x)` */
export const hardSilu = /* @__PURE__ */ layer("hardSilu", activations.hardSilu);
/** x cut off at -1 and 1. */
export const hardTanh = /* @__PURE__ */ layer("hardTanh", activations.hardTanh);
/** `e^x` */
export const exponential = /* @__PURE__ */ layer("exponential", activations.exponential);
/** `log(sigmoid(x))` */
export const logSigmoid = /* @__PURE__ */ layer("logSigmoid", activations.logSigmoid);
/** `(x + sqrt(x^2 + b)) / 2` */
export const squareplus = /* @__PURE__ */ layer("squareplus", activations.squareplus);
/** 0 up to -1, `(x + 1)^2 / 4` up to 1, then x. */
export const sparsePlus = /* @__PURE__ */ layer("sparsePlus", activations.sparsePlus);
/** `(x + 1) / 2` cut off at 0 and 1. */
export const sparseSigmoid = /* @__PURE__ */ layer("sparseSigmoid", activations.sparseSigmoid);
/** `x - tanh(x)` */
export const tanhShrink = /* @__PURE__ */ layer("tanhShrink", activations.tanhShrink);
/** x moved towards 0 by `threshold`, 0 within it. */
export const softShrink = /* @__PURE__ */ layer("softShrink", activations.softShrink);
/** x outside of `threshold`, 0 within it. */
export const hardShrink = /* @__PURE__ */ layer("hardShrink", activations.hardShrink);
/** The first half of an axis times the sigmoid of the second: halves the axis. */
export const glu: (options?: activations.GluOptions & ActivationLayerOptions) => Layer<SameRank> =
  /* @__PURE__ */ layer("glu", activations.glu);
/** x above `threshold`, else `defaultValue`. */
export const threshold: (
  options: activations.ThresholdOptions & ActivationLayerOptions,
) => Layer<SameShape> = /* @__PURE__ */ layer("threshold", activations.threshold);
