// What the types refuse, checked by the compiler: each line below a directive must not compile.
import { expect, expectTypeOf, it } from "vitest";
import {
  activations,
  adam,
  batchNormalization,
  type CompileOptions,
  dense,
  dropout,
  type FitOptions,
  glorotUniform,
  type History,
  type InitOptions,
  type LayerOptions,
  type Model,
  ops,
  type Sym,
  sequential,
  type Tensor,
} from "../../ts/index.js";

it("results have their types", () => {
  expectTypeOf(sequential).returns.toEqualTypeOf<Model>();
  expectTypeOf<Model["fit"]>().returns.toEqualTypeOf<Promise<History>>();
  expectTypeOf<Model["predict"]>().returns.toEqualTypeOf<Promise<Tensor>>();
  expectTypeOf<Model["evaluate"]>().returns.toEqualTypeOf<Promise<Record<string, number>>>();
  expectTypeOf(ops.add).returns.toEqualTypeOf<Sym>();
  expectTypeOf<LayerOptions["trainable"]>().toEqualTypeOf<boolean | undefined>();
});

it("names and options are literal types", () => {
  const never = (): void => {
    // @ts-expect-error: units are needed
    dense({});
    // @ts-expect-error: an unknown activation
    dense({ units: 1, activation: "rellu" });
    // @ts-expect-error: an unknown initializer
    dense({ units: 1, kernelInitializer: "he" });
    // @ts-expect-error: an unknown option
    dense({ units: 1, bias: true });
    // @ts-expect-error: a text as a number
    dropout({ rate: "0.5" });
    // @ts-expect-error: an axis is not offered
    batchNormalization({ axis: 1 });
    // @ts-expect-error: an unknown option
    adam({ lr: 1 });
    // @ts-expect-error: no such activation
    activations.rrelu;
    // @ts-expect-error: layers are needed
    sequential({ inputShape: [1] });
    // @ts-expect-error: a factory is no layer
    sequential({ layers: [dense] });
    // @ts-expect-error: a factory is no initializer
    dense({ units: 1, kernelInitializer: glorotUniform });
    // @ts-expect-error: an unknown loss
    const compile: CompileOptions = { optimizer: "adam", loss: "crossentropy" };
    // @ts-expect-error: an unknown optimizer
    const other: CompileOptions = { optimizer: "adamw", loss: "mse" };
    // @ts-expect-error: an unknown option
    const fit: FitOptions = { epoch: 1 };
    // @ts-expect-error: an unknown build
    const init: InitOptions = { simd: "fast" };
    expect([compile, other, fit, init]).toBeDefined();
  };
  expect(never).toBeTypeOf("function");
});
