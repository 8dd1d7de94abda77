// Role: the one way of telling about what works but is likely a mistake, or wasted. What that is
// lies with those who notice it. It must not know models.
import { describe, fail } from "./errors.js";

/** Something that works but is likely a mistake. */
export interface Warning {
  /** What it is about, always the same text: `l2WithAdam`. */
  readonly name: string;
  /** The place, what is wrong and what to do: `compile: …. Hint: ….` */
  readonly message: string;
}

type Handler = (warning: Warning) => void;

const byDefault: Handler = ({ message }) => console.warn(message);
let handler: Handler | null = byDefault;

/**
 * Decides who is told of warnings from now on: a function, `null` for nobody, nothing for
 * `console.warn` again. Each is given once for a `compile`.
 *
 * @example
 * onWarning(({ name, message }) => name === "l2WithAdam" || console.warn(message));
 */
export function onWarning(handle?: ((warning: Warning) => void) | null): void {
  if (handle !== undefined && handle !== null && typeof handle !== "function") {
    fail("onWarning", { expected: "a function, null or nothing", received: describe(handle) });
  }
  handler = handle === undefined ? byDefault : handle;
}

/** Tells of a warning. */
export function warn(where: string, name: string, what: string, hint: string): void {
  handler?.({ name, message: `${where}: ${what}. Hint: ${hint}.` });
}
