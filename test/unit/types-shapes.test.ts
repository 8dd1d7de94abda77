// Shapes in types, checked by the compiler: what follows from literal shapes, what falls back to
// unknown ones, and mistakes in ranks that must not compile.
import { expect, expectTypeOf, it } from "vitest";
import {
  activation,
  add,
  batchNormalization,
  type CompileOptions,
  concatenate,
  type DataLike,
  dense,
  dropout,
  type FitOptions,
  findLearningRate,
  flatten,
  glu,
  type History,
  input,
  type Layer,
  type LayerTensor,
  type Logs,
  type Model,
  maximum,
  model,
  type NestedNumbers,
  permute,
  relu,
  repeatVector,
  reshape,
  type Sym,
  sequential,
  type Tensor,
  tensor,
} from "../../ts/index.js";

/** What is in it is compiled and never run. */
function compiles(_body: () => unknown): void {
  expect(_body).toBeTypeOf("function");
}

const unknownShape = [3, 4] as readonly number[];

it("layers make shapes of shapes", () => {
  compiles(() => {
    const image = input({ shape: [28, 28, 1] });
    expectTypeOf(image).toEqualTypeOf<LayerTensor<[null, 28, 28, 1]>>();
    expectTypeOf(image.shape).toEqualTypeOf<readonly [null, 28, 28, 1]>();
    expectTypeOf(dense({ units: 10 })(image)).toEqualTypeOf<LayerTensor<[null, 28, 28, 10]>>();
    expectTypeOf(flatten()(image)).toEqualTypeOf<LayerTensor<[null, number]>>();
    expectTypeOf(dropout({ rate: 0.5 })(image)).toEqualTypeOf<typeof image>();
    expectTypeOf(batchNormalization()(image)).toEqualTypeOf<typeof image>();
    expectTypeOf(relu()(image)).toEqualTypeOf<typeof image>();
    expectTypeOf(activation({ activation: "relu" })(image)).toEqualTypeOf<typeof image>();
    const row = input({ shape: [12] });
    expectTypeOf(flatten()(row)).toEqualTypeOf<LayerTensor<[null, 12]>>();
    expectTypeOf(glu()(row)).toEqualTypeOf<LayerTensor<[null, number]>>();
    expectTypeOf(repeatVector({ n: 3 })(row)).toEqualTypeOf<LayerTensor<[null, 3, 12]>>();
    const folded = reshape({ targetShape: [3, -1] })(row);
    expectTypeOf(folded).toEqualTypeOf<LayerTensor<[null, 3, number]>>();
    expectTypeOf(permute({ dims: [3, 1, 2] })(image)).toEqualTypeOf<
      LayerTensor<[null, 1, 28, 28]>
    >();
    expectTypeOf(add()([row, dense({ units: 12 })(row)])).toEqualTypeOf<LayerTensor<[null, 12]>>();
    expectTypeOf(add()([row, dense({ units: 1 })(row), row])).toEqualTypeOf<
      LayerTensor<[null, 12]>
    >();
    expectTypeOf(concatenate()([row, dense({ units: 5 })(row)])).toEqualTypeOf<
      LayerTensor<[null, number]>
    >();
    expectTypeOf(concatenate({ axis: 1 })([image, image])).toEqualTypeOf<
      LayerTensor<[null, number, number, number]>
    >();
  });
});

it("shapes that are not known fall back, and stop nothing", () => {
  compiles(async () => {
    const some = input({ shape: unknownShape });
    const out = dense({ units: 10 })(some);
    expectTypeOf(out).toExtend<LayerTensor>();
    add()([some, out]);
    repeatVector({ n: 2 })(some);
    permute({ dims: [2, 1] })(some);
    permute({ dims: unknownShape })(some);
    const units = unknownShape[0] as number;
    const row = input({ shape: [12] });
    expectTypeOf(dense({ units })(row)).toEqualTypeOf<LayerTensor<[null, number]>>();
    add()([dense({ units })(row), row]);

    const layers: Layer[] = [dense({ units: 2 }), dropout({ rate: 0.1 })];
    const free = sequential({ inputShape: unknownShape, layers });
    expectTypeOf(free).toEqualTypeOf<Model>();
    expectTypeOf(await free.predict([[1]])).toEqualTypeOf<Tensor>();
    free.fit([1, 2], [[[1]], [[2]]]);
    const known: Layer = dense({ units: 2 });
    known(some);
    const any: Model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    any.fit([1], [1]);
    const withMetrics: Model = sequential({ inputShape: [2], layers }).compile({
      optimizer: "adam",
      loss: "mse",
      metrics: ["mae"],
    });
    return withMetrics;
  });
});

it("a sequential model has the shapes of its ends", () => {
  compiles(async () => {
    const net = sequential({
      inputShape: [784],
      layers: [dense({ units: 300 }), relu(), dropout({ rate: 0.5 }), dense({ units: 10 })],
    });
    expectTypeOf(net).toEqualTypeOf<Model<LayerTensor<[null, 784]>, LayerTensor<[null, 10]>>>();
    expectTypeOf(net.inputShape).toEqualTypeOf<readonly [null, 784]>();
    expectTypeOf(net.outputShape).toEqualTypeOf<readonly [null, 10]>();
    const p = await net.predict(new Float32Array(784));
    expectTypeOf(p).toEqualTypeOf<Tensor<[number, 10]>>();
    expectTypeOf(p.shape).toEqualTypeOf<readonly [number, 10]>();
    expectTypeOf(p.toArray()).toEqualTypeOf<number[][]>();
    const digits = sequential({ inputShape: [28, 28], layers: [flatten(), net] });
    expectTypeOf(digits).toEqualTypeOf<
      Model<LayerTensor<[null, 28, 28]>, LayerTensor<[null, 10]>>
    >();
    const more = sequential({ layers: [net, dense({ units: 2 })] });
    expectTypeOf(more).toEqualTypeOf<Model<LayerTensor<[null, 784]>, LayerTensor<[null, 2]>>>();
    // The first layer's own inputShape is not followed.
    const first = sequential({
      layers: [dense({ units: 3, inputShape: [4] }), dense({ units: 2 })],
    });
    expectTypeOf(first).toExtend<Model>();
    first.fit([[1, 2, 3, 4]], [[1, 2]]);
  });
});

it("ranks that do not fit must not compile", () => {
  compiles(() => {
    const row = input({ shape: [12] });
    const image = input({ shape: [28, 28, 1] });
    // @ts-expect-error: repeatVector wants [batch, features]
    repeatVector({ n: 3 })(image);
    // @ts-expect-error: an axis for each of dims
    permute({ dims: [2, 1] })(image);
    // @ts-expect-error: dense wants features
    dense({ units: 3 })(input({ shape: [] }));
    // @ts-expect-error: extents that do not broadcast
    add()([row, dense({ units: 5 })(row)]);
    // @ts-expect-error: nor these, among three
    maximum()([row, row, dense({ units: 5 })(row)]);
    // @ts-expect-error: inputs of one rank
    concatenate()([row, image]);
    sequential({
      inputShape: [4, 4],
      // @ts-expect-error: a mistake in the middle of a chain
      layers: [relu(), repeatVector({ n: 2 }), dense({ units: 1 })],
    });
    // @ts-expect-error: the layer is called on data
    dense({ units: 3 })([[1, 2]]);
    const net = model({ inputs: row, outputs: dense({ units: 1 })(row) });
    // @ts-expect-error: a model of rows called on images
    net(image);
  });
});

it("data of a wrong depth must not compile, data of unknown depth do", () => {
  const net = sequential({ inputShape: [784], layers: [dense({ units: 10 })] });
  const images = sequential({ inputShape: [2, 2], layers: [flatten(), dense({ units: 1 })] });
  compiles(async () => {
    const rows = [[1, 2]];
    const numbers = [1, 2];
    const deep = [rows];
    await net.predict(rows);
    await net.predict(new Float32Array(784));
    await net.predict([new Float32Array(784)]);
    await net.predict(tensor(new Float32Array(784), [1, 784]));
    await net.fit(rows, numbers);
    await net.fit(rows, rows);
    await net.evaluate(rows, Uint8Array.from(numbers));
    await images.predict(deep);
    await images.predict([new Float32Array(4)]);
    await images.fit(deep, numbers);
    // Of unknown depth.
    const some = numbers as NestedNumbers[];
    const data = rows as DataLike;
    await net.predict(some);
    await net.fit(data, data);
    await net.predict(await net.predict(rows));
    await net.predict(tensor(new Float32Array(4), unknownShape));
    await net.predict(JSON.parse("[[1]]"));
    await net.predict([]);
    // @ts-expect-error: numbers where rows are wanted
    net.predict(numbers);
    // @ts-expect-error: numbers where rows are wanted
    net.fit(numbers, numbers);
    // @ts-expect-error: images where rows are wanted
    net.evaluate(deep, numbers);
    // @ts-expect-error: targets deeper than predictions
    net.fit(rows, deep);
    // @ts-expect-error: a tensor of another rank
    net.predict(tensor(new Float32Array(4), [1, 2, 2]));
    // @ts-expect-error: rows where images are wanted
    images.predict(rows);
    // @ts-expect-error: numbers where rows are wanted
    net.trainOnBatch(numbers, numbers);
    // @ts-expect-error: numbers where rows are wanted
    net.predictOnBatch(numbers);
    // @ts-expect-error: numbers where rows are wanted
    findLearningRate(net, numbers, numbers);
    // @ts-expect-error: text
    net.fit([["a"]], numbers);

    const single = sequential({ inputShape: [1], layers: [dense({ units: 1 })] });
    await single.fit(numbers, numbers);
    await single.fit([[1]], [[1]]);
    const a = input({ shape: [2] });
    const two = model({
      inputs: { a, b: input({ shape: [3, 3] }) },
      outputs: [dense({ units: 1 })(a)],
    });
    await two.fit({ a: rows, b: deep }, [numbers]);
    // @ts-expect-error: rows where images are wanted
    two.predict({ a: rows, b: rows });
    // @ts-expect-error: a part is missing
    two.predict({ a: rows });
    const [only] = await two.predict({ a: rows, b: deep });
    expectTypeOf(only).toEqualTypeOf<Tensor<[number, 1]>>();
  });
});

it("logs and histories have the names that compile was asked for", () => {
  const net = () =>
    sequential({ inputShape: [2], layers: [dense({ units: 3 })] }).compile({
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
      metrics: ["accuracy"],
    });
  compiles(async () => {
    const model = net();
    const x = [[1, 2]];
    const y = [1];
    const { history } = await model.fit(x, y, { epochs: 3 });
    expectTypeOf(history.loss).toEqualTypeOf<readonly number[]>();
    expectTypeOf(history.accuracy.at(-1)).toEqualTypeOf<number | undefined>();
    expectTypeOf(history.learningRate).toEqualTypeOf<readonly number[] | undefined>();
    // @ts-expect-error: misspelt
    history.acuracy;
    // @ts-expect-error: there is no validation
    history.valAccuracy;
    const validated = (await model.fit(x, y, { validationData: [x, y] })).history;
    expectTypeOf(validated.valAccuracy.at(-1)).toEqualTypeOf<number | undefined>();
    expectTypeOf(validated.valLoss).toEqualTypeOf<readonly number[]>();
    const split = (await model.fit(x, y, { validationSplit: 0.2 })).history;
    expectTypeOf(split.valLoss).toEqualTypeOf<readonly number[]>();
    const streamed = await model.fit(() => [[x, y] as const], { validationData: [x, y] });
    expectTypeOf(streamed.history.valLoss).toEqualTypeOf<readonly number[]>();
    // @ts-expect-error: there is no validation
    (await model.fit(() => [[x, y] as const])).history.valLoss;
    const options: FitOptions = { epochs: 2 };
    const maybe = (await model.fit(x, y, options)).history;
    expectTypeOf(maybe.valLoss).toEqualTypeOf<readonly number[] | undefined>();
    const plain: History = await model.fit(x, y);
    expectTypeOf(plain.history.mine).toEqualTypeOf<readonly number[]>();
    const logs = await model.evaluate(x, y);
    expectTypeOf(logs).toEqualTypeOf<{ loss: number; accuracy: number }>();
    const loose: Logs = logs;
    // @ts-expect-error: misspelt
    logs.acc;
    expectTypeOf(await model.trainOnBatch(x, y)).toEqualTypeOf<typeof logs>();
    // @ts-expect-error: an unknown option
    model.fit(x, y, { epoch: 3 });
    // @ts-expect-error: an option of arrays
    model.fit(() => [[x, y] as const], { batchSize: 3 });
    // @ts-expect-error: an option of batches
    model.fit(x, y, { stepsPerEpoch: 3 });
    // @ts-expect-error: validation data are two or three
    model.fit(x, y, { validationData: [x] });
    // @ts-expect-error: an unknown metric
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["acuracy"] });
    // @ts-expect-error: an unknown option
    model.compile({ optimizer: "adam", loss: "mse", metric: ["accuracy"] });
    return loose;
  });
});

it("several outputs have their names in front; unknown names are any", () => {
  compiles(async () => {
    const a = input({ shape: [2] });
    const x = [[1, 2]];
    const digit = dense({ units: 10 })(a);
    const odd = dense({ units: 1 })(a);
    const several = model({ inputs: a, outputs: { digit, odd } }).compile({
      optimizer: "adam",
      loss: "mse",
      metrics: { digit: "accuracy", odd: ["mae", "binaryAccuracy"] },
    });
    const logs = await several.evaluate(x, { digit: [1], odd: [1] });
    expectTypeOf(logs).toEqualTypeOf<
      Record<
        "loss" | "digitLoss" | "oddLoss" | "digitAccuracy" | "oddMae" | "oddBinaryAccuracy",
        number
      >
    >();
    // @ts-expect-error: an output that does not exist
    several.evaluate(x, { digit: [1], od: [1] });
    const listed = model({ inputs: a, outputs: [digit, odd] }).compile({
      optimizer: "adam",
      loss: "mse",
    });
    expectTypeOf(await listed.evaluate(x, [[1], [1]])).toEqualTypeOf<Logs>();
    const uncompiled = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    uncompiled.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    const { history } = await uncompiled.fit(x, [1]);
    expectTypeOf(history.mae).toEqualTypeOf<readonly number[]>();
    const given: CompileOptions = { optimizer: "adam", loss: "mse" };
    const fromOptions = await uncompiled.compile(given).evaluate(x, [1]);
    expectTypeOf(fromOptions).toEqualTypeOf<Logs>();
  });
});

it("metrics are known by the names they were given", async () => {
  const { accuracy, binaryAccuracy } = await import("../../ts/index.js");
  compiles(async () => {
    const net = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
    const named = net.compile({
      optimizer: "adam",
      loss: "mse",
      metrics: [accuracy({ name: "hits" })],
      weightedMetrics: [binaryAccuracy()],
    });
    expectTypeOf(await named.evaluate([[1, 2]], [1])).toEqualTypeOf<
      Record<"loss" | "hits" | "binaryAccuracy", number>
    >();
    const own = (yTrue: Sym) => yTrue;
    const free = net.compile({ optimizer: "adam", loss: "mse", metrics: ["mae", own] });
    expectTypeOf(await free.evaluate([[1, 2]], [1])).toEqualTypeOf<Logs>();
  });
});

it("compile returns the model it was called on", () => {
  const net = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
  expect(net.compile({ optimizer: "sgd", loss: "mse" })).toBe(net);
});
