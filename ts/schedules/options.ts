// Role: the checks that several schedules share.
import { checkNumber } from "../errors.js";

/** Checks `initialLearningRate`. */
export function checkInitial(where: string, value: unknown): number {
  return checkNumber(where, "initialLearningRate", value, { min: 0 });
}

/** Checks a number of steps that a schedule divides by. */
export function checkSteps(where: string, optionName: string, value: unknown): number {
  return checkNumber(where, optionName, value, { exclusiveMin: 0 });
}
