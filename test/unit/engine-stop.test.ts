// What users hear when the engine stops in the middle of its work, and after that.
import { expect, it } from "vitest";
import { GradusError } from "../../ts/errors.js";
import { Core } from "../../ts/runtime/core.js";
import { loadedCore } from "../../ts/runtime/load.js";

/** A function that WebAssembly traps in. */
function trap(): () => void {
  // (module (func (export "f") unreachable))
  const bytes = [
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
    ...[7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11],
  ];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
  return exports.f as () => void;
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(GradusError);
    return (error as Error).message;
  }
  return expect.fail("it went on");
}

it("a trap is a fault of gradus, with its place; nothing goes on after it", async () => {
  const { fast } = await loadedCore();
  const core = new Core(fast, new WebAssembly.Memory({ initial: 1 }));
  const place = String.raw`in wasm-function\[0\]:0x[\da-f]+`;
  const fault = `expected the engine to work, received internal error: unreachable ${place}`;
  const hint = String.raw`Hint: This is a fault of gradus: please report it\. Load the page`;
  expect(messageOf(() => core.call("predict", trap()))).toMatch(
    new RegExp(String.raw`^predict: ${fault}\. ${hint}`),
  );
  for (const next of [() => core.call("fit", () => 1), () => core.fast]) {
    expect(messageOf(next)).toMatch(new RegExp(fault));
  }
  expect(() => core.release(() => expect.fail("called"))).not.toThrow();
});

it("a lost thread is named in its place", async () => {
  const { fast } = await loadedCore();
  const core = new Core(fast, new WebAssembly.Memory({ initial: 1 }));
  core.lose("worker 2 ended with code 1");
  expect(messageOf(() => core.call("predict", trap()))).toMatch(
    /expected the threads of the engine to live, received a thread ended: worker 2/,
  );
});
