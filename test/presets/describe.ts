// What a preset built, in words: kind, units, activation and initializer of each layer.
import * as activations from "../../ts/activations.js";
import type { Layer } from "../../ts/layers/layer.js";

/** `dense 100 elu heNormal`. */
export function wordsOf({ kind, definition, state }: Layer): string {
  const known = Object.entries(activations).find(([, value]) => value === definition.activation);
  const kernel = state?.weights.find(({ spec }) => spec.name === "kernel");
  const hasBias = state?.weights.some(({ spec }) => spec.name === "bias");
  return [
    kind,
    ...(kernel ? [kernel.spec.shape.at(-1), hasBias ? [] : "no bias"].flat() : []),
    ...(definition.activation ? [known?.[0] ?? "unknown"] : []),
    ...(kernel ? [kernel.spec.initializer.name] : []),
  ].join(" ");
}
