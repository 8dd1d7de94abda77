// Everything that training changes, as tensors by name: for going back to an earlier point.
import { type Tensor, tensor } from "../data/tensor.js";
import { fail } from "../errors.js";
import type { Core } from "../runtime/core.js";
import type { Variable } from "../runtime/resources.js";
import type { ModelState } from "./model-state.js";
import { keptFor, type TrainingSetup } from "./training-setup.js";
import { checkWeights, readWeights, writeWeights } from "./weights.js";

const countersName = "training/counters";

/** Weights, statistics, slots of the optimizer, and how far training has come. */
export function saveState(core: Core, state: ModelState): Record<string, Tensor> {
  const saved = readWeights(core, state.graph.weights);
  const setup = state.setup;
  for (const slot of setup ? existingSlots(setup) : []) {
    saved[slot.name] = tensor(slot.view(core).slice(), slot.shape);
  }
  saved[countersName] = tensor(
    Int32Array.of(setup?.iterations ?? 0, setup?.epoch ?? 0, state.draws, state.epochs),
  );
  return saved;
}

/** Writes back what `saveState` gave; slots that did not exist then start afresh. */
export function restoreState(
  core: Core,
  where: string,
  state: ModelState,
  saved: Readonly<Record<string, Tensor>>,
): void {
  const counters = saved[countersName];
  if (counters?.data.length !== 4) {
    fail(where, { expected: "what saveState gave", received: `no ${countersName}` });
  }
  const slots = state.setup ? existingSlots(state.setup) : [];
  const slotNames = new Set(slots.map((slot) => slot.name));
  const weights = Object.fromEntries(
    Object.entries(saved).filter(([name]) => name !== countersName && !slotNames.has(name)),
  );
  const checked = checkWeights(where, state.graph.weights, weights);
  for (const slot of slots) {
    const length = saved[slot.name]?.data.length ?? slot.size;
    if (length === slot.size) continue;
    fail(`${where}: ${slot.name}`, { expected: `${slot.size} numbers`, received: `${length}` });
  }
  writeWeights(core, checked);
  for (const slot of slots) {
    const numbers = saved[slot.name]?.data;
    if (numbers) slot.view(core).set(numbers);
    else slot.view(core).fill(slot.initial);
  }
  const [iterations = 0, epoch = 0, draws = 0, epochs = 0] = counters.data;
  if (state.setup) {
    state.setup.iterations = iterations;
    state.setup.epoch = epoch;
  }
  state.draws = draws;
  state.epochs = epochs;
}

function existingSlots(setup: TrainingSetup): Variable[] {
  return setup.trainables.flatMap(keptFor).filter((variable) => variable.exists);
}
