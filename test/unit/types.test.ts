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
  input,
  type LayerOptions,
  type LayerTensor,
  type Model,
  model,
  ops,
  type Sym,
  sequential,
  type Tensor,
} from "../../ts/index.js";

it("results have their types", () => {
  expectTypeOf(sequential).returns.toExtend<Model>();
  expectTypeOf<Model["fit"]>().returns.toExtend<Promise<History>>();
  expectTypeOf<Model["predict"]>().returns.toEqualTypeOf<Promise<Tensor>>();
  expectTypeOf<Model["evaluate"]>().returns.toEqualTypeOf<Promise<Record<string, number>>>();
  expectTypeOf(ops.add).returns.toEqualTypeOf<Sym>();
  expectTypeOf<LayerOptions["trainable"]>().toEqualTypeOf<boolean | undefined>();
});

it("functional models carry the structure of their inputs and outputs", () => {
  const never = async (): Promise<void> => {
    const x = input({ shape: [2] });
    const y = dense({ units: 1 })(x);
    expectTypeOf(y).toEqualTypeOf<LayerTensor<[null, 1]>>();
    const one = model({ inputs: x, outputs: y });
    expectTypeOf(one).toEqualTypeOf<Model<LayerTensor<[null, 2]>, LayerTensor<[null, 1]>>>();
    expectTypeOf(one(x)).toEqualTypeOf<LayerTensor<[null, 1]>>();
    const many = model({ inputs: [x], outputs: { y, z: y } });
    expectTypeOf(many([x]).z).toEqualTypeOf<LayerTensor<[null, 1]>>();
    expectTypeOf((await many.predict([[[1, 2]]])).y).toEqualTypeOf<Tensor<[number, 1]>>();
    // @ts-expect-error: shape is needed
    input({});
    // @ts-expect-error: data are no tensor to call layers on
    dense({ units: 1 })([[1, 2]]);
    // @ts-expect-error: no such output
    many([x]).w;
    // @ts-expect-error: targets by the names of the outputs
    many.fit([[[1, 2]]], { y: [1] });
    // @ts-expect-error: outputs are needed
    model({ inputs: x });
  };
  expect(never).toBeTypeOf("function");
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
    // @ts-expect-error: several axes, which layer normalisation takes
    batchNormalization({ axis: [1, 2] });
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
