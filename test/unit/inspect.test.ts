// What console.log shows of the library's objects, in Node and for Deno's symbol.
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { HistoryRecorder } from "../../ts/callbacks/history.js";
import { customLayer, dense, flatten, input, model, sequential, tensor } from "../../ts/index.js";

const deno = (value: object) =>
  (value as Record<symbol, () => string>)[Symbol.for("Deno.customInspect")]?.();

describe("console.log shows", () => {
  const layer = dense({ units: 3, name: "hidden" });
  const net = sequential({
    inputShape: [2],
    name: "small",
    layers: [layer, dense({ units: 1, trainable: false, learningRateMultiplier: 0.5 })],
  });

  it("the summary of a model, a line of it inside of others", () => {
    const table = net.summary({ print() {} });
    expect(inspect(net)).toBe(table);
    expect(deno(net)).toBe(table);
    const line = 'model "small": [null, 2] -> [null, 1], 13 parameters';
    expect(String(net)).toBe(line);
    expect(inspect({ net })).toBe(`{ net: ${line} }`);
    const x = input({ shape: [2], name: "x" });
    const two = model({ inputs: [x], outputs: [layer(x), net(x)], name: "two" });
    expect(String(two)).toBe('model "two": [null, 2] -> [null, 3] and [null, 1], 13 parameters');
  });

  it("kind, name and weights of a layer", () => {
    expect(inspect(layer)).toBe('dense "hidden": kernel [2, 3], bias [3]');
    expect(deno(layer)).toBe(inspect(layer));
    expect(`${net.layers[1]}`).toBe(
      'dense "dense": kernel [3, 1], bias [1], frozen, learning rate x 0.5',
    );
    expect(inspect([dense({ units: 1 })])).toBe('[ dense "dense": not in a model yet ]');
    const flat = flatten();
    sequential({ inputShape: [2], layers: [flat] });
    expect(String(flat)).toBe('flatten "flatten": no weights');
  });

  it("shape and origin of tensors without numbers", () => {
    const x = input({ shape: [2], name: "pixels" });
    expect(inspect(x)).toBe("float32 [null, 2] of input pixels");
    expect(String(input({ shape: [2] }))).toBe("float32 [null, 2] of input");
    expect(inspect(layer(x))).toBe('float32 [null, 3] of dense "hidden"');
    let seen = "";
    customLayer({
      call: ([y]) => {
        seen = inspect(y);
        return y;
      },
    })(x);
    expect(seen).toBe("symbolic float32 [null, 2]");
  });

  it("the numbers of a tensor in rows, and the edges of a large one", () => {
    const small = tensor(Float32Array.of(1, -2.5, 1 / 3, 1e-9), [2, 2]);
    expect(inspect(small)).toBe(
      ["float32 tensor [2, 2]", "[[       1,     -2.5],", " [0.333333,     1e-9]]"].join("\n"),
    );
    expect(deno(small)).toBe(inspect(small));
    expect(String(small)).toBe("float32 tensor [2, 2]");
    expect(inspect({ small })).toBe("{ small: float32 tensor [2, 2] }");
    expect(inspect(tensor(Uint8Array.of(7), []))).toBe("uint8 tensor []\n7");
    expect(inspect(tensor(new Float32Array(0), [0, 2]))).toBe("float32 tensor [0, 2]\n[]");
    expect(inspect(tensor(Int32Array.of(1, 2, 3)))).toBe("int32 tensor [3]\n[1, 2, 3]");
    expect(inspect(tensor(Int32Array.of(1, 2, 3, 4), [2, 1, 2]))).toBe(
      "int32 tensor [2, 1, 2]\n[[[1, 2]],\n\n [[3, 4]]]",
    );
    const large = tensor(
      Float32Array.from({ length: 2000 }, (_, i) => i),
      [1000, 2],
    );
    const lines = inspect(large).split("\n");
    expect(lines).toHaveLength(8);
    expect(lines[4]).toBe(" …,");
    expect(lines[7]).toBe(" [1998, 1999]]");
  });

  it("first and last values of a history", () => {
    const history = new HistoryRecorder();
    expect(String(history)).toBe("history of 0 epochs");
    history.onEpochEnd(0, { loss: 2, accuracy: 0.5 });
    expect(inspect(history)).toBe("history of 1 epoch\n  loss      2\n  accuracy  0.5");
    history.onEpochEnd(1, { loss: 1.234567, accuracy: 0.75 });
    expect(inspect(history)).toBe(
      "history of 2 epochs\n  loss      2 -> 1.2346\n  accuracy  0.5 -> 0.75",
    );
    expect(deno(history)).toBe(inspect(history));
    expect(inspect({ history })).toBe("{ history: history of 2 epochs }");
  });
});
