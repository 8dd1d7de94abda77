// Role: what a preset ends with: output layer, loss and metric of each kind of task. It must not
// know hidden layers or training.
import type { ActivationName } from "../activations.js";
import { checkNumber, checkOneOf, fail } from "../errors.js";
import { dense } from "../layers/dense.js";
import type { Layer } from "../layers/layer.js";
import type { LossName } from "../losses.js";
import type { MetricName } from "../metrics.js";
import type { PresetChoice } from "./choices.js";

const regressionLosses = ["meanSquaredError", "meanAbsoluteError"] as const;

/** What a preset learns: exactly one of `classes`, `labels` and `outputs`. */
export type PresetTask = ClassesTask | LabelsTask | OutputsTask;

/** The task to tell classes apart. */
export interface ClassesTask {
  /**
   * How many classes a row may be of, at least 2. Targets are whole numbers from 0; for two
   * classes the model gives one probability, that of class 1, else one for each.
   */
  classes: number;
  /** Not beside `classes`. */
  labels?: never;
  /** Not beside `classes`. */
  outputs?: never;
  /** Not beside `classes`. */
  loss?: never;
}

/** The task to give labels, none or several. */
export interface LabelsTask {
  /** How many labels a row may have, each independently. Targets are 0 or 1 for each. */
  labels: number;
  /** Not beside `labels`. */
  classes?: never;
  /** Not beside `labels`. */
  outputs?: never;
  /** Not beside `labels`. */
  loss?: never;
}

/** The task to predict numbers. */
export interface OutputsTask {
  /** How many numbers are to be predicted for a row. */
  outputs: number;
  /** What is made small. Default: `"meanSquaredError"`. */
  loss?: "meanSquaredError" | "meanAbsoluteError";
  /** Not beside `outputs`. */
  classes?: never;
  /** Not beside `outputs`. */
  labels?: never;
}

/** The names of these options. */
export const taskNames = ["classes", "labels", "outputs", "loss"] as const;

/** The end of a model and how it is judged. */
export interface TaskSetup {
  readonly output: Layer;
  readonly loss: LossName;
  readonly metrics: readonly MetricName[];
  readonly choice: PresetChoice;
}

/** Output, loss and metric for a task. */
export function setUpTask(where: string, given: PresetTask): TaskSetup {
  const kinds = (["classes", "labels", "outputs"] as const).filter(
    (name) => given[name] !== undefined,
  );
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return fail(where, {
      expected: "one of classes, labels and outputs",
      received: kinds.join(" and ") || "none",
      hint: "classes: 10 tells classes apart, labels: 5 gives several labels, outputs: 1 predicts a number.",
    });
  }
  if (kind !== "outputs" && given.loss !== undefined) {
    fail(where, { expected: "loss only together with outputs", received: `loss and ${kind}` });
  }
  const count = checkNumber(where, kind, given[kind], {
    integer: true,
    min: kind === "classes" ? 2 : 1,
  });
  const setup = (
    units: number,
    activation: ActivationName,
    loss: LossName,
    metric: MetricName,
    reason: string,
  ): TaskSetup => ({
    output: dense({ units, activation, name: "output" }),
    loss,
    metrics: [metric],
    choice: {
      subject: "output",
      choice: `${units} ${activation} unit${units === 1 ? "" : "s"}, ${loss}, ${metric}`,
      reason,
    },
  });
  if (kind === "outputs") {
    const { loss = "meanSquaredError" } = given;
    checkOneOf(`${where}: loss`, loss, regressionLosses);
    const isSquared = loss === "meanSquaredError";
    return setup(
      count,
      "linear",
      loss,
      isSquared ? "meanAbsoluteError" : "meanSquaredError",
      `Numbers of any size need a linear output; ${
        isSquared
          ? "large errors count most"
          : "all errors count by their size, so that outliers do not rule"
      }. Give targets of about mean 0 and deviation 1: the learning rate is made for such.`,
    );
  }
  if (kind === "labels") {
    const reason = "Each label has a probability of its own.";
    return setup(count, "sigmoid", "binaryCrossentropy", "binaryAccuracy", reason);
  }
  return count === 2
    ? setup(
        1,
        "sigmoid",
        "binaryCrossentropy",
        "accuracy",
        "One probability says all about two classes, 0 and 1.",
      )
    : setup(
        count,
        "softmax",
        "sparseCategoricalCrossentropy",
        "accuracy",
        `The probabilities of the classes add up to 1; targets are whole numbers from 0 to ${count - 1}.`,
      );
}
