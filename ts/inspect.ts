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
 * `toString` says. Constructors call it, and the first one counts: a block of the class would be run
 * when the module is loaded, and then no bundler could leave the class out.
 */
export function showAsText<T extends object>(
  prototype: T,
  text: (self: T) => string = (self) => String(self),
): void {
  if (Object.hasOwn(prototype, Symbol.for("Deno.customInspect"))) return;
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
 * Has notebooks on Deno's kernel show an object, or all of a prototype, that a cell ends with. Called
 * by constructors; the first call counts.
 * Source: https://docs.deno.com/runtime/reference/cli/jupyter/
 */
export function showInNotebooks<T extends object>(
  target: T,
  display: (self: T) => DisplayBundle,
): void {
  const name = Symbol.for("Jupyter.display");
  if (Object.hasOwn(target, name)) return;
  Object.defineProperty(target, name, {
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
