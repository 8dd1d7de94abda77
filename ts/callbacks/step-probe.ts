// Role: what a callback may have measured at training steps, in plain numbers. It must not know
// models: whoever trains fills this in (ts/models/step-watch.ts).

/** An output of a layer, measured over one batch. */
export interface OutputFigures {
  /** The mean of all its numbers. */
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
  /** The share of outputs near a limit of the activation; null for activations without limits. */
  readonly saturated: number | null;
  /** The share of units that are 0 for every row; null for activations that cannot die. */
  readonly dead: number | null;
}

/** An input of the model, measured over one batch. */
export interface InputFigures {
  /** The mean of all its numbers. */
  readonly mean: number;
  /** The standard deviation. */
  readonly deviation: number;
  /** The largest root mean square of a feature (last axis). */
  readonly largest: number;
}

/** A trained weight, measured at one step; all are Euclidean norms. */
export interface WeightNorms {
  /** Of the weight before the step. */
  readonly weight: number;
  /** Of its gradient before clipping. */
  readonly gradient: number;
  /** Of what the step added to it. */
  readonly update: number;
}

/** What was measured at one step. */
export interface StepFigures {
  /** Steps the optimizer had made before. */
  readonly step: number;
  /** Rows of the batch. */
  readonly rows: number;
  /** The loss of the batch before the step. */
  readonly loss: number;
  /** In the order of {@link ProbedModel.inputs}. */
  readonly inputs: readonly InputFigures[];
  /** In the order of {@link ProbedModel.calls}. */
  readonly calls: readonly OutputFigures[];
  /** In the order of {@link ProbedModel.weights}. */
  readonly weights: readonly WeightNorms[];
}

/** One use of a layer. */
export interface ProbedCall {
  /** The name of the layer in the model. */
  readonly layer: string;
  /** The factory that made the layer. */
  readonly kind: string;
  /** The activation that made the output, where one did. */
  readonly activation: string | null;
  /** Whether the layer has weights, trained or not. */
  readonly hasWeights: boolean;
  /** What it reads: numbers of inputs, and from `inputs.length` on of calls. */
  readonly sources: readonly number[];
  /** Whether it is an output of the model. */
  readonly isOutput: boolean;
}

/** A weight that is trained. */
export interface ProbedWeight {
  /** Layer and weight: `dense/kernel`. */
  readonly name: string;
  readonly layer: string;
  readonly shape: readonly number[];
}

/** How a model is made, as far as its figures need it. */
export interface ProbedModel {
  readonly inputs: readonly string[];
  readonly calls: readonly ProbedCall[];
  readonly weights: readonly ProbedWeight[];
}

/**
 * A wish to have some training steps of `fit` measured. Those steps run a program that measures
 * beside what they do anyway; all others run the ordinary one. Weights come out the same.
 */
export interface StepProbe {
  /** Every how many steps; the first of a `fit` is always measured. */
  readonly every: number;
  /** Called when `fit` begins. */
  begin(model: ProbedModel): void;
  /** Called after a measured step. */
  see(figures: StepFigures): void;
}
