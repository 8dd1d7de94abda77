// Activations by name and with options against Keras: that each reaches its row of the engine's
// table with the right parameters. The rows' accuracy is tested in crates/kernels.
import { describe, expect, it } from "vitest";
import * as activations from "../../ts/activations.js";
import { resolveActivation } from "../../ts/activations.js";
import type { Sym } from "../../ts/graph.js";
import { multiply, sum } from "../../ts/ops.js";
import { type GoldenCase, readGolden } from "../fixtures/golden.js";
import { expectClose } from "../support/close.js";
import { trial } from "../support/trial.js";

const { cases } = readGolden("activations");
type Apply = (x: Sym, options?: object) => Sym;
const functions = activations as unknown as Record<string, Apply | undefined>;

/** Points where all agree: moderate, and away from kinks. */
function calm(found: GoldenCase, names: readonly string[]): number[] {
  const x = found.float32("x");
  const kinks = (found.extra.kinks as number[] | undefined) ?? [];
  const away = (at: number) => kinks.every((kink) => Math.abs(at - kink) > 1e-3);
  return [...x.keys()].filter((i) => {
    const at = x[i] as number;
    const size = Math.abs(at);
    if (!(size < 50 && (size > 1e-6 || at === 0) && away(at))) return false;
    return names.every((name) => Number.isFinite(found.tensor(name).data[i]));
  });
}

describe("elementwise activations agree with Keras", () => {
  for (const found of cases.filter((each) => each.extra.kind === "elementwise")) {
    const apply = functions[found.extra.activation as string];
    if (!apply) continue;
    it(found.name, async () => {
      const x = found.float32("x");
      const make = (sym: Sym) => {
        if (found.extra.isDefault)
          return resolveActivation("test", found.extra.activation as "relu")(sym);
        return apply(sym, found.options);
      };
      const { outputs, gradients } = await trial({ x: { shape: [x.length], data: x } }, (syms) => {
        const y = make(syms.x as Sym);
        return { outputs: { y }, loss: sum(y) };
      });
      const value = found.names.includes("yTrue") ? "yTrue" : "y";
      const slope = found.names.includes("dyTrue") ? "dyTrue" : "dy";
      const points = calm(found, [value, slope]);
      expect(points.length).toBeGreaterThan(50);
      const pick = (data: ArrayLike<number>) => points.map((i) => data[i] as number);
      expectClose(pick(outputs.y as Float32Array), pick(found.tensor(value).data));
      expectClose(pick(gradients.x as Float32Array), pick(found.tensor(slope).data), {
        // Slopes taken from saved outputs are right to a rounding of these, not of themselves.
        floor: 1e-2,
        tolerance: 2e-5,
      });
    });
  }
});

describe("activations over rows agree with Keras", () => {
  for (const found of cases.filter((each) => each.extra.kind === "vector")) {
    const apply = functions[found.extra.activation as string];
    if (!apply) continue;
    it(found.name, async () => {
      const { shape, data } = found.tensor("x");
      const dy = found.tensor("dy");
      const inputs = { x: { shape, data }, dy: { shape: dy.shape, data: dy.data } };
      const { outputs, gradients } = await trial(inputs, (syms) => {
        const y = apply(syms.x as Sym);
        return { outputs: { y }, loss: sum(multiply(y, syms.dy as Sym)) };
      });
      // Keras' sparsemax is wrong where more than one share is above 0: exact values instead.
      const exact = found.extra.activation === "sparsemax" ? "True" : "";
      expectClose(outputs.y as Float32Array, found.tensor(`y${exact}`).data, { floor: 1e-2 });
      expectClose(gradients.x as Float32Array, found.tensor(`dx${exact}`).data, { floor: 1e-1 });
    });
  }
});

it("every name of Keras' list that is built is covered by a golden", () => {
  const golden = new Set(cases.map((found) => found.extra.activation));
  for (const name of Object.keys(functions).filter((each) => each !== "resolveActivation")) {
    expect(golden, name).toContain(name);
  }
});

describe("activations refuse", () => {
  it("unknown names, with the nearest", () => {
    expect(() => resolveActivation("dense: activation", "rellu" as "relu")).toThrow(
      /dense: activation: expected one of .*received "rellu"\. Hint: did you mean "relu"/,
    );
  });
  it("functions that return no tensor", () => {
    expect(() => resolveActivation("dense: activation", (() => 3) as never)({} as Sym)).toThrow(
      /symbolic tensor/,
    );
  });
  it("parameters out of range", () => {
    expect(() => activations.elu({} as Sym, { alpha: -1 })).toThrow(/alpha/);
    expect(() => activations.relu({} as Sym, { maxvalue: 6 } as never)).toThrow(/maxValue/);
  });
});
