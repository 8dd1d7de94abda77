// Role: the hidden layers that presets are asked for, as a list of units. It must not make layers.
import { checkNumber, checkOptions, describe, fail } from "../errors.js";

/** Hidden layers: the units of each, first to last, or so many layers of so many units. */
export type HiddenUnits = readonly number[] | EvenLayers;

/** Hidden layers of one size. */
export interface EvenLayers {
  /** How many, at least 1. */
  readonly layers: number;
  /** The units of each, at least 1. */
  readonly units: number;
}

/** The units of each hidden layer. */
export function unitsOf(where: string, given: HiddenUnits): readonly number[] {
  const whole = { integer: true, min: 1 };
  if (Array.isArray(given) && given.length > 0) {
    return given.map((units, i) => checkNumber(where, `hidden[${i}]`, units, whole));
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return fail(where, {
      expected: "hidden to be units such as [300, 100], or { layers: 5, units: 100 }",
      received: describe(given),
    });
  }
  const place = `${where}: hidden`;
  const { layers, units } = checkOptions(place, given as EvenLayers, ["layers", "units"]);
  const length = checkNumber(place, "layers", layers, whole);
  return Array.from({ length }, () => checkNumber(place, "units", units, whole));
}
