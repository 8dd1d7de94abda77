// A model whose weights fit into WebAssembly's 4 GB, but not with the optimizer's slots.
import { expect, it } from "vitest";
import { dense, sequential } from "../../ts/index.js";

it("slots that do not fit are refused with their size, and the model goes on", async () => {
  const layers = [dense({ units: 20_000, kernelInitializer: "zeros" })];
  const model = sequential({ inputShape: [20_000], layers });
  model.compile({ optimizer: "adam", loss: "mse" });
  const row = new Float32Array(20_000);
  await expect(model.fit(row, row)).rejects.toThrow(
    /^fit: .*slots of adam for 400,020,000 weights, 3200\.2 MB/,
  );
  expect((await model.predict(row)).shape).toEqual([1, 20_000]);
  model.dispose();
});
