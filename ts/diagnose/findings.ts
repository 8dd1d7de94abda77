// Role: the limits of the rules and what rules find. It must not hold rules.
/** Limits of the rules; each can be set in `diagnose({ thresholds: { … } })`. */
export interface DiagnosisThresholds {
  /**
   * Gradients vanish where the root mean square of a layer's gradient is below this share of that
   * of a layer behind it. Glorot & Bengio 2010 measure gradients by layer; deep sigmoid nets lose
   * a factor of 4 or more per layer. Default: 1e-3.
   */
  readonly vanishing: number;
  /**
   * Gradients explode where the root mean square of a layer's gradient is above this multiple of
   * that of the last layers, the growth seen from behind. Default: 1e3.
   */
  readonly exploding: number;
  /**
   * Gradients explode where their joint norm before clipping is above this. Pascanu et al. 2013
   * clip at norms of 1 to 10 and more. Default: 1e3.
   */
  readonly gradientNorm: number;
  /**
   * Outputs explode where the standard deviation of a layer's output is above this; He et al. 2015
   * keep it near 1 in every layer. Default: 1e3.
   */
  readonly deviation: number;
  /**
   * A layer is saturated where more than this share of its outputs lies near the limits of the
   * activation, where the slope is below 6 % of its largest (tanh beyond 0.97). Glorot & Bengio
   * 2010. The output layer is not judged: sure predictions are at the limit. Default: 0.5.
   */
  readonly saturated: number;
  /**
   * A layer is dead where more than this share of its units is 0 for every row of a batch; judged
   * for batches of 8 rows and more. Stanford's CS231n notes call 40 % typical of too high a
   * learning rate. Default: 0.4.
   */
  readonly dead: number;
  /**
   * The learning rate is too high where a step changes a kernel by more than this share of its
   * norm. Karpathy's rule of thumb is 1e-3; Adam's first steps come to a few percent. Default: 0.1.
   */
  readonly highUpdate: number;
  /**
   * The learning rate is too low where a step changes no kernel by more than this share of its
   * norm and the loss has not come down by a tenth; judged from the second measured step on.
   * Default: 1e-5.
   */
  readonly lowUpdate: number;
  /**
   * The learning rate is too high where the loss is above this multiple of what it was at the
   * start, or of the best epoch's. Default: 1.2.
   */
  readonly risingLoss: number;
  /**
   * Inputs are not standardised where the root mean square of a feature is above this. LeCun et al.
   * 1998 ask for means near 0 and equal deviations, near 1. Default: 10.
   */
  readonly largeInput: number;
  /** Inputs are not standardised where the root mean square of all is below this. Default: 0.01. */
  readonly smallInput: number;
}

/** The limits that hold where none are given. */
export const defaultThresholds: DiagnosisThresholds = {
  vanishing: 1e-3,
  exploding: 1e3,
  gradientNorm: 1e3,
  deviation: 1e3,
  saturated: 0.5,
  dead: 0.4,
  highUpdate: 0.1,
  lowUpdate: 1e-5,
  risingLoss: 1.2,
  largeInput: 10,
  smallInput: 0.01,
};

/** The names of sicknesses. */
export type Sickness =
  | "notFinite"
  | "unscaledInputs"
  | "explodingGradients"
  | "deadUnits"
  | "saturatedUnits"
  | "vanishingGradients"
  | "learningRateTooHigh"
  | "learningRateTooLow";

/** A sickness with its evidence. */
export interface Finding {
  /** Which it is. */
  readonly sickness: Sickness;
  /** Its name in plain words: "vanishing gradients". */
  readonly title: string;
  /** The layers (or inputs) that show it, in the order of the model; empty: the model as a whole. */
  readonly layers: readonly string[];
  /** What was seen. */
  readonly evidence: string;
  /** What to do about it. */
  readonly remedy: string;
}
