// The names of a model's layers: given ones stay, others are numbered by kind, and layers of a
// model that is called as a layer carry its name in front.
import { fail } from "../errors.js";
import type { Layer } from "../layers/layer.js";
import type { Scope } from "../layers/layer-tensor.js";

/** A layer and the model it was first called through. */
export interface NamedUse {
  readonly layer: Layer;
  readonly scope: Scope | null;
}

/** Names for layers, each of them once. */
export function nameLayers(where: string, uses: readonly NamedUse[]): Map<Layer, string> {
  const names = new Map<Layer, string>();
  const taken = new Map<string, string>();
  const own = uses.filter(({ scope }) => scope === null).map(({ layer }) => layer);
  const give = (layer: Layer, name: string) => {
    taken.set(name, `a ${layer.kind}`);
    names.set(layer, name);
  };
  for (const layer of own) {
    const { givenName, kind } = layer;
    if (givenName === null) continue;
    const other = taken.get(givenName);
    if (other) {
      fail(where, {
        expected: "layers of different names",
        received: `"${givenName}" twice (${other} and a ${kind} layer)`,
        hint: "Give one of them another name.",
      });
    }
    give(layer, givenName);
  }
  const scopes = new Map<object, string>();
  for (const { scope } of uses) {
    if (!scope || scopes.has(scope.key)) continue;
    const name = free(taken, scope.name);
    taken.set(name, "a model");
    scopes.set(scope.key, name);
  }
  // The name that an earlier model gave stays where it can.
  for (const layer of own) {
    const name = layer.state?.name ?? layer.formerName ?? undefined;
    if (name !== undefined && !names.has(layer) && !taken.has(name)) give(layer, name);
  }
  for (const layer of own) {
    if (!names.has(layer)) give(layer, free(taken, layer.kind));
  }
  for (const { layer, scope } of uses) {
    if (scope) names.set(layer, `${scopes.get(scope.key)}/${scope.pathOf(layer)}`);
  }
  return names;
}

/** The name, or the first of name_1, name_2 that is free. */
export function free(taken: { has(name: string): boolean }, base: string): string {
  let name = base;
  for (let count = 1; taken.has(name); count++) name = `${base}_${count}`;
  return name;
}
