// Role: the one error class of the library and the checks of option names,
// enumerations and numbers that use it. It must not know layers, models or data.

/** What an error says beside the place where it arose. */
export interface ErrorDetail {
  /** What would have been right, as a phrase: `a number > 0`. */
  readonly expected: string;
  /** What was there instead, as a phrase: `-1`. See {@link describe}. */
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

/** Letters and digits in lower case: "Adam_W", "adam-w" and "adamW" become one. */
function bare(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** The first letters of the words of a camelCase or snake_case name: "learningRate" -> "lr". */
function initials(name: string): string {
  const words = name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g) ?? [];
  return words
    .map((word) => word[0])
    .join("")
    .toLowerCase();
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] as number) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}

/**
 * The known name that the writer of `name` probably meant.
 *
 * Case and separators do not count ("Adam_W" gives "adamW"); initials are
 * understood ("lr" gives "learningRate"); then a part of a longer name counts
 * ("cross_entropy"); then the smallest edit distance up to a third of the name.
 *
 * @param name what was written
 * @param known the names that exist
 * @returns the nearest one; undefined when nothing is near
 */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = bare(name);
  if (wanted === "") return undefined;
  const equal = known.find((candidate) => bare(candidate) === wanted);
  if (equal !== undefined) return equal;

  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let best: string | undefined;
  let bestDistance = wanted.length > 2 ? limit + 1 : 0;
  for (const candidate of known) {
    const distance = editDistance(wanted, bare(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  // A slip of one letter is likelier than an abbreviation, an abbreviation likelier than more slips.
  if (bestDistance <= 1 && best !== undefined) return best;

  const short = known.find((candidate) => wanted.length > 1 && initials(candidate) === wanted);
  if (short !== undefined) return short;

  if (wanted.length >= 4) {
    const related = known
      .filter((candidate) => {
        const other = bare(candidate);
        const within = other.length >= 4 && wanted.includes(other);
        return within || other.includes(wanted) || (other.length >= 3 && wanted.startsWith(other));
      })
      .sort((a, b) => Math.abs(a.length - name.length) - Math.abs(b.length - name.length));
    if (related[0] !== undefined) return related[0];
  }
  return best;
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

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function isTensorLike(value: object): value is { shape: readonly number[]; dtype: string } {
  return "shape" in value && Array.isArray(value.shape) && "dtype" in value && "data" in value;
}

/**
 * A short description of any value, for the "received" of an error.
 * @param value anything
 * @returns `-1`, `"abc"`, `an array of 3 elements [1, 2, 3]`, `a Float32Array of 784 numbers`, …
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length > 60 ? `"${value.slice(0, 57)}…"` : `"${value}"`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return value.name === "" ? "a function" : `the function ${value.name}`;
    case "symbol":
      return String(value);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return describeArray(value);
  if (ArrayBuffer.isView(value)) {
    const size = value instanceof DataView ? value.byteLength : (value as Uint8Array).length;
    const unit = value instanceof DataView ? "bytes" : "numbers";
    return `${article(value.constructor.name)} of ${size} ${unit}`;
  }
  if (isTensorLike(value)) return `a ${value.dtype} tensor of shape [${value.shape.join(", ")}]`;
  const kind: unknown = value.constructor?.name;
  if (typeof kind === "string" && kind !== "" && kind !== "Object") return article(kind);
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const shown = keys.slice(0, 6).join(", ");
  return `an object with the keys ${shown}${keys.length > 6 ? ", …" : ""}`;
}

function describeArray(value: readonly unknown[]): string {
  if (value.length === 0) return "an empty array";
  const simple = value.slice(0, 6).every((item) => typeof item !== "object" || item === null);
  const size = value.length === 1 ? "1 element" : `${value.length} elements`;
  if (!simple) return `an array of ${size}, the first being ${describe(value[0])}`;
  const shown = value.slice(0, 6).map(describe).join(", ");
  return value.length <= 6 ? `[${shown}]` : `an array of ${size} [${shown}, …]`;
}
