// Role: the one error class of the library and the checks of option names,
// enumerations and numbers that use it. It must not know layers, models or data.

import { describe } from "./errors/describe.js";
import { nearest } from "./errors/nearest.js";

export { describe, nearest };

/** What an error says beside the place where it arose. */
export interface ErrorDetail {
  /** What would have been right, as a phrase: `a number > 0`. */
  readonly expected: string;
  /** What was there instead, as a phrase: `-1`. */
  readonly received: string;
  /** What to do about it, as a sentence without "Hint:". */
  readonly hint?: string | undefined;
}

/**
 * The error every part of gradus throws for a wrong argument, shape or value.
 *
 * Its message reads `<where>: expected <…>, received <…>. Hint: <…>`; the parts
 * stand in fields of their own, too.
 */
export class GradusError extends Error {
  /** The layer, function or option in the user's words: `dense "dense_2"`. */
  readonly where: string;
  /** What would have been right. */
  readonly expected: string;
  /** What was there instead. */
  readonly received: string;
  /** What to do about it, where something is known. */
  readonly hint: string | undefined;

  /**
   * @param where the layer, function or option in the user's words
   * @param detail what was expected and received, and a hint
   */
  constructor(where: string, detail: ErrorDetail) {
    const hint = detail.hint === undefined ? "" : ` Hint: ${detail.hint}`;
    super(`${where}: expected ${detail.expected}, received ${detail.received}.${hint}`);
    this.name = "GradusError";
    this.where = where;
    this.expected = detail.expected;
    this.received = detail.received;
    this.hint = detail.hint;
  }
}

/**
 * Throws a {@link GradusError}.
 * @param where the layer, function or option in the user's words
 * @param detail what was expected and received, and a hint
 * @throws GradusError always
 */
export function fail(where: string, detail: ErrorDetail): never {
  throw new GradusError(where, detail);
}

/** `"a", "b" or "c"`; a long list is cut, since nobody reads forty names. */
function listed(known: readonly string[], limit = 40): string {
  const shown = known.slice(0, limit).map((name) => `"${name}"`);
  if (known.length > limit) return `${shown.join(", ")}, … (${known.length} names)`;
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} or ${shown[shown.length - 1]}`;
}

/**
 * Checks that a value is one of a set of names.
 * @param where the layer, function or option in the user's words
 * @param value what was given
 * @param known the names that exist
 * @returns the value, typed
 * @throws GradusError naming the nearest known name
 */
export function checkOneOf<T extends string>(
  where: string,
  value: unknown,
  known: readonly T[],
): T {
  if (typeof value === "string" && (known as readonly string[]).includes(value)) return value as T;
  const near = typeof value === "string" ? nearest(value, known) : undefined;
  return fail(where, {
    expected: known.length === 1 ? listed(known) : `one of ${listed(known)}`,
    received: describe(value),
    hint: near === undefined ? undefined : `did you mean "${near}"?`,
  });
}

/** The range a number must lie in; all bounds are optional. */
export interface NumberLimits {
  /** Smallest allowed value. */
  readonly min?: number;
  /** Largest allowed value. */
  readonly max?: number;
  /** The value must be greater than this. */
  readonly exclusiveMin?: number;
  /** The value must be less than this. */
  readonly exclusiveMax?: number;
  /** Whether the value must be whole; false by default. */
  readonly integer?: boolean;
}

function phrase(limits: NumberLimits): string {
  const bounds: string[] = [];
  if (limits.min !== undefined) bounds.push(`>= ${limits.min}`);
  if (limits.exclusiveMin !== undefined) bounds.push(`> ${limits.exclusiveMin}`);
  if (limits.max !== undefined) bounds.push(`<= ${limits.max}`);
  if (limits.exclusiveMax !== undefined) bounds.push(`< ${limits.exclusiveMax}`);
  const kind = limits.integer === true ? "a whole number" : "a finite number";
  return bounds.length === 0 ? kind : `${kind} ${bounds.join(" and ")}`;
}

/**
 * Checks that an option is a finite number within limits; NaN, Infinity and
 * strings are rejected.
 * @param where the layer or function in the user's words
 * @param optionName the option's name
 * @param value what was given
 * @param limits the range, and whether it must be whole
 * @returns the value, typed
 * @throws GradusError naming the option, its range and the value
 */
export function checkNumber(
  where: string,
  optionName: string,
  value: unknown,
  limits: NumberLimits = {},
): number {
  const { min, max, exclusiveMin, exclusiveMax, integer } = limits;
  if (
    typeof value === "number" &&
    Number.isFinite(value) &&
    !(min !== undefined && value < min) &&
    !(max !== undefined && value > max) &&
    !(exclusiveMin !== undefined && value <= exclusiveMin) &&
    !(exclusiveMax !== undefined && value >= exclusiveMax) &&
    !(integer === true && !Number.isSafeInteger(value))
  ) {
    return value;
  }
  return fail(where, {
    expected: `${optionName} to be ${phrase(limits)}`,
    received: describe(value),
    hint:
      typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))
        ? `pass the number ${Number(value)} instead of a string.`
        : undefined,
  });
}

/**
 * Checks that a configuration object holds known options only.
 * @param where the layer or function in the user's words
 * @param given the configuration object; undefined counts as empty
 * @param knownNames the options that exist
 * @returns the configuration object; an empty one for undefined
 * @throws GradusError for anything but an object, and for an unknown option, naming the nearest one
 */
export function checkOptions<T>(
  where: string,
  given: T,
  knownNames: readonly string[],
): NonNullable<T> {
  if (given === undefined) return {} as NonNullable<T>;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    fail(where, { expected: "an object of options", received: describe(given) });
  }
  for (const name of Object.keys(given)) {
    if (knownNames.includes(name)) continue;
    const near = nearest(name, knownNames);
    fail(where, {
      expected:
        knownNames.length === 0 ? "no options" : `only the options ${knownNames.join(", ")}`,
      received: `the unknown option "${name}"`,
      hint: near === undefined ? undefined : `did you mean ${near}?`,
    });
  }
  return given;
}

/**
 * Checks a boolean option: "false" and 0 are rejected.
 * @param where the layer or function in the user's words
 * @param optionName the option's name
 * @param value what was given
 * @returns the value, typed
 * @throws GradusError naming the option
 */
export function checkBoolean(where: string, optionName: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return fail(where, { expected: `${optionName} to be true or false`, received: describe(value) });
}
