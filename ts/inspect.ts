// Role: has console.log show objects of gradus as text in Node, Bun and Deno. It imports nothing of
// them: both ask objects for a method under a registered symbol.

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
