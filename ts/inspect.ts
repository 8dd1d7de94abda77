// Role: has console.log show objects of gradus as text in Node, Bun and Deno, and notebooks show them
// as tables and pictures. It imports nothing of them: all ask objects for a method under a
// registered symbol.

/** The part of console.log's settings that is used. */
interface InspectOptions {
  /** How many levels of objects are shown. */
  readonly depth?: number | null;
}

/**
 * Has console.log show what `text` says; inside of other objects, where one line is wanted, what
 * `toString` says.
 */
export function showAsText<T extends object>(
  prototype: T,
  text: (self: T) => string = (self) => String(self),
): void {
  const define = (name: string, value: (this: T, ...given: never[]) => string) =>
    Object.defineProperty(prototype, Symbol.for(name), { value, configurable: true });
  // Node counts the level down from the settings' own; Deno does not say.
  define("nodejs.util.inspect.custom", function (level: number, { depth }: InspectOptions = {}) {
    return typeof depth === "number" && level < depth ? String(this) : text(this);
  });
  define("Deno.customInspect", function () {
    return text(this);
  });
}

/** Texts of one object by MIME type; a notebook takes the richest one it knows. */
export type DisplayBundle = Readonly<Record<string, string>>;

/**
 * Has notebooks on Deno's kernel show an object, or all of a prototype, that a cell ends with.
 * Source: https://docs.deno.com/runtime/reference/cli/jupyter/
 */
export function showInNotebooks<T extends object>(
  target: T,
  display: (self: T) => DisplayBundle,
): void {
  Object.defineProperty(target, Symbol.for("Jupyter.display"), {
    value(this: T) {
      return display(this);
    },
    configurable: true,
  });
}

/** Text as HTML shows it. */
export function escapedHtml(text: string): string {
  return text.replace(/[&<>]/g, (found) => `&#${found.charCodeAt(0)};`);
}
