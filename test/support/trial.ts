// Runs a small graph once, for tests of what functions over symbolic tensors compute: outputs,
// and gradients of a scalar for the inputs.
import { GraphBuilder, type Sym } from "../../ts/graph.js";
import { add } from "../../ts/ops.js";
import { loadedCore } from "../../ts/runtime/load.js";
import { Resources, Variable } from "../../ts/runtime/resources.js";
import { fixed } from "../../ts/shape.js";

export interface TrialInput {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  readonly dtype?: "float32" | "int32" | "uint8";
}

export interface TrialResult {
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Of `loss`, for the float32 inputs. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

type Make = (inputs: Readonly<Record<string, Sym>>) => {
  outputs?: Readonly<Record<string, Sym>>;
  loss?: Sym;
};

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array };

/** Runs what `make` makes of the inputs. */
export async function trial(
  inputs: Readonly<Record<string, TrialInput>>,
  make: Make,
): Promise<TrialResult> {
  const core = await loadedCore();
  const resources = new Resources({});
  const graph = new GraphBuilder();
  // A gradient is read off a step of size 1 from 0: nothing is rounded.
  const shifts = new Map<string, Variable>();
  const syms: Record<string, Sym> = {};
  for (const [name, { shape, dtype = "float32" }] of Object.entries(inputs)) {
    const sym = graph.input(name, shape.map(fixed), dtype);
    syms[name] = sym;
    if (dtype !== "float32") continue;
    const shift = new Variable(name, shape);
    shifts.set(name, shift);
    syms[name] = add(sym, graph.variable(shift));
  }
  resources.create(core, [...shifts.values()]);
  try {
    const { outputs = {}, loss } = make(syms);
    const run = (training: boolean) => {
      const { wire, inputs: used } = graph.encode({
        outputs: training ? {} : outputs,
        train:
          training && loss
            ? {
                loss,
                learningRate: graph.input("learningRate", []),
                momentum: null,
                rule: "sgd",
                hyperparameters: [],
                clip: { kind: "none", limit: 0 },
                accumulation: { kind: "none", steps: 1 },
                trainables: [...shifts.values()].map((variable) => ({
                  variable,
                  learningRateMultiplier: 1,
                  weightDecay: 0,
                  slots: [],
                  accumulator: null,
                })),
              }
            : null,
      });
      const program = resources.compile(core, "trial", wire, 1);
      core.call("trial", (engine) => {
        for (const [name, { data, dtype = "float32" }] of Object.entries(inputs)) {
          const number = used.indexOf(name);
          if (number < 0) continue;
          const pointer = engine.inputPtr(program, number);
          new arrays[dtype](core.buffer as ArrayBuffer, pointer, data.length).set(data);
        }
        if (training) {
          core.floats(engine.inputPtr(program, used.indexOf("learningRate")), 1)[0] = 1;
        }
        engine.run(program, 1, 1, 0, 0, 0, 0);
      });
      return program;
    };
    const found: Record<string, Float32Array> = {};
    const shapes: Record<string, readonly number[]> = {};
    if (Object.keys(outputs).length > 0) {
      const program = run(false);
      core.call("trial", (engine) => {
        for (const [i, name] of Object.keys(outputs).entries()) {
          const dims = [...engine.outputDims(program, i)];
          shapes[name] = dims;
          const size = dims.reduce((product, extent) => product * extent, 1);
          found[name] = core.floats(engine.outputPtr(program, i), size).slice();
        }
      });
    }
    const gradients: Record<string, Float32Array> = {};
    if (loss) {
      run(true);
      for (const [name, shift] of shifts)
        gradients[name] = shift.view(core).map((value) => 0 - value);
    }
    return { outputs: found, shapes, gradients };
  } finally {
    resources.free();
  }
}
