// The group normalisation layer.
import { checkNumber, describe, fail } from "../errors.js";
import { layerNorm } from "../layer-ops.js";
import { add, multiply, overRows, reshapeTo } from "../ops.js";
import { type Dim, fixed } from "../shape.js";
import { axisOf, extentsOf } from "./axes.js";
import { checkLayerOptions, Layer, onlyInput } from "./layer.js";
import { type ScaleAndShiftOptions, scaleAndShift, scaleAndShiftNames } from "./scale-and-shift.js";
import type { SameShape } from "./shape-rules.js";

/** Options of `groupNormalization`. */
export interface GroupNormalizationOptions extends ScaleAndShiftOptions {
  /**
   * How many groups the channels are cut into: a number that divides theirs. With 1 a sample is
   * normalised as a whole; with -1 each channel is a group of its own (instance normalisation).
   * Default: 32.
   */
  groups?: number;
  /** The axis of the channels; not 0, the batch. Default: -1, the last. */
  axis?: number;
}

/**
 * Cuts the channels into groups that lie side by side and gives each group of each sample mean 0
 * and variance 1, over its channels and all other axes, then scales and shifts each channel. The
 * same in training and inference. Weights: `gamma`, `beta` `[channels]`. Wu & He 2018.
 *
 * Throws a `GradusError` for channels that cannot be cut into so many groups.
 * Source: https://keras.io/api/layers/normalization_layers/group_normalization/
 *
 * @example
 * groupNormalization({ groups: 8 })
 */
export function groupNormalization(options: GroupNormalizationOptions = {}): Layer<SameShape> {
  const kind = "groupNormalization";
  const given = checkLayerOptions(kind, options, ["groups", "axis", ...scaleAndShiftNames]);
  const epsilon = checkNumber(kind, "epsilon", given.epsilon ?? 1e-3, { exclusiveMin: 0 });
  const axis = checkNumber(kind, "axis", given.axis ?? -1, { integer: true });
  const groups = given.groups ?? 32;
  if (!Number.isSafeInteger(groups) || (groups < 1 && groups !== -1)) {
    fail(kind, {
      expected: "groups to be a whole number >= 1, or -1",
      received: describe(groups),
      hint: "-1 makes each channel a group.",
    });
  }
  const parameters = scaleAndShift(kind, given);
  return new Layer(
    {
      kind,
      weights(inputs, place) {
        const dims = onlyInput(inputs, place);
        const shape = extentsOf(place, [axisOf(place, axis, dims)], dims);
        const [channels = 0] = shape;
        if (channels % (groups === -1 ? 1 : groups) !== 0) {
          fail(place, {
            expected: `channels that can be cut into ${groups} groups`,
            received: `${channels}`,
            hint: "Choose groups that divide the channels; -1 makes each channel a group.",
          });
        }
        return parameters.specs(shape);
      },
      call(context, inputs) {
        const x = onlyInput(inputs, kind);
        const { dims } = x;
        const at = axisOf(kind, axis, dims);
        const { factor: channels } = dims[at] as Dim;
        const count = groups === -1 ? channels : groups;
        const whole = count === 1;
        const [first = fixed(1), ...row] = dims;
        const behind = dims.slice(at + 1);
        // [batch, ..., groups, channels of a group, ...]; one group is the same wherever it stands.
        const cut = whole
          ? [first, fixed(1), ...row]
          : [...dims.slice(0, at), fixed(count), fixed(channels / count), ...behind];
        const others = [...cut.keys()].filter((each) => each !== 0 && each !== (whole ? 1 : at));
        const normal = overRows(reshapeTo(x, cut), others, (rows) =>
          layerNorm(rows, { gamma: null, beta: null, epsilon }),
        );
        const y = reshapeTo(normal, dims);
        const along = [fixed(channels), ...behind.map(() => fixed(1))];
        const { gamma, beta } = parameters.weights(context, along);
        const scaled = gamma ? multiply(y, gamma) : y;
        return beta ? add(scaled, beta) : scaled;
      },
    },
    given,
  );
}
