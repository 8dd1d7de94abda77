// Role: what a callback may do and what it sees of a model; the list that calls
// several in order. It must not know models, only the events and the view below.
import type { Tensor } from "../data/tensor.js";
import { checkOneOf, describe, fail, nearest } from "../errors.js";
import type { StepProbe } from "./step-probe.js";

/**
 * Losses and metrics by name: `loss`, `accuracy`, and with validation `valLoss`,
 * `valAccuracy`. A callback may add numbers of its own (as the learning rate
 * scheduler does); callbacks after it, and the history, see them.
 */
export type Logs = Record<string, number>;

/** What a hook returns: nothing, or a promise the training loop waits for. */
export type HookResult = void | Promise<void>;

/** What is known about a run of `fit`, `evaluate` or `predict` before it starts. */
export interface CallbackParams {
  /** Number of the epoch after the last one; 1 for `evaluate` and `predict`. */
  readonly epochs: number;
  /** Number of the first epoch, not 0 where training goes on; 0 by default. */
  readonly initialEpoch?: number;
  /** Batches per epoch; null where the data do not say. */
  readonly steps: number | null;
  /** Rows per epoch; null where the data do not say. */
  readonly samples: number | null;
  /** Rows per batch; the last one of an epoch may be shorter. Null where the data do not say. */
  readonly batchSize: number | null;
  /** The names that the logs of an epoch will hold, where known: `loss`, `accuracy`, `valLoss`. */
  readonly metrics?: readonly string[];
}

/** What callbacks see of a model. */
export interface CallbackModel {
  /** Set to true to end training after the present batch. */
  stopTraining: boolean;
  /** The seed that fixes initial weights, shuffling and dropout. */
  readonly seed: number;
  /** The learning rate of the next step; setting it replaces a constant one. */
  learningRate: number;
  /** Updates the optimizer has made. */
  readonly iterations: number;
  /** Copies of all weights and statistics (moving means and variances) by name. */
  getWeights(): Record<string, Tensor>;
  /** Writes weights and statistics back by name. */
  setWeights(weights: Record<string, Tensor>): void;
  /** Copies of everything `getWeights` gives, the optimizer's slots and its step. */
  saveState?(): Record<string, Tensor>;
  /** Writes back what `saveState` gave. */
  restoreState?(state: Record<string, Tensor>): void;
}

/** See {@link Callback.needs}. */
export type CallbackNeeds = "logs" | "step" | "model";

/** From little to much. */
const allNeeds: readonly CallbackNeeds[] = ["logs", "step", "model"];

/**
 * Functions called while a model trains, is evaluated or predicts; all optional,
 * each synchronous or asynchronous. Names and order are Keras'.
 *
 * Epochs and batches count from 0. Source: https://keras.io/api/callbacks/base_callback/
 */
export interface Callback {
  /** Called once before all others, with what is known about the run. */
  setParams?(params: CallbackParams): void;
  /** Called once before all others, with the model. */
  setModel?(model: CallbackModel): void;
  /** Before the first epoch. */
  onTrainBegin?(logs: Logs): HookResult;
  /** After the last epoch; `logs` are those of the last epoch. */
  onTrainEnd?(logs: Logs): HookResult;
  /** Before an epoch. */
  onEpochBegin?(epoch: number, logs: Logs): HookResult;
  /** After an epoch and its validation; `logs` hold both. */
  onEpochEnd?(epoch: number, logs: Logs): HookResult;
  /** Before a training step. */
  onTrainBatchBegin?(batch: number, logs: Logs): HookResult;
  /** After a training step; `logs` hold the means over the epoch so far. */
  onTrainBatchEnd?(batch: number, logs: Logs): HookResult;
  /** Before evaluation or validation. */
  onTestBegin?(logs: Logs): HookResult;
  /** After evaluation or validation. */
  onTestEnd?(logs: Logs): HookResult;
  /** Before a batch of evaluation or validation. */
  onTestBatchBegin?(batch: number, logs: Logs): HookResult;
  /** After a batch of evaluation or validation. */
  onTestBatchEnd?(batch: number, logs: Logs): HookResult;
  /** Before prediction. */
  onPredictBegin?(logs: Logs): HookResult;
  /** After prediction. */
  onPredictEnd?(logs: Logs): HookResult;
  /** Before a batch of prediction. */
  onPredictBatchBegin?(batch: number, logs: Logs): HookResult;
  /** After a batch of prediction. */
  onPredictBatchEnd?(batch: number, logs: Logs): HookResult;
  /**
   * What its hooks need of a model that `fit` trains in a worker (`worker: true`). `"logs"`: numbers
   * only; training does not wait for the hooks of batches, which come a little later, several at
   * once. `"step"`: training waits for each hook; weights can be read and set in all hooks but those
   * of batches. `"model"`: in these, too; weights come over for each, which takes time. Without a
   * worker training waits and weights are there for all. Default: `"step"`.
   */
  readonly needs?: CallbackNeeds;
  /** What `fit` measures for it at some steps; `diagnose()` works with it. @internal */
  readonly probe?: StepProbe;
}

const runHooks = [
  "onTrainBegin",
  "onTrainEnd",
  "onTestBegin",
  "onTestEnd",
  "onPredictBegin",
  "onPredictEnd",
] as const;

const countedHooks = [
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
  "onTestBatchBegin",
  "onTestBatchEnd",
  "onPredictBatchBegin",
  "onPredictBatchEnd",
] as const;

type RunHook = (typeof runHooks)[number];
type CountedHook = (typeof countedHooks)[number];

/** The names of the hooks that a {@link CallbackList} calls. */
export type HookName = RunHook | CountedHook;

/** The names of all members of {@link Callback}. */
export const callbackMembers: readonly string[] = [
  ...runHooks,
  ...countedHooks,
  "setParams",
  "setModel",
];

/**
 * Checks that a value is an object of hooks, and finds `onEpochend` and its like,
 * which would otherwise never be called and never be missed.
 * @param where the caller for errors
 * @param callback the value
 * @param name what the user calls it: `callbacks[0]`
 * @throws GradusError for anything but hooks
 */
export function checkCallback(where: string, callback: unknown, name: string): void {
  if (typeof callback !== "object" || callback === null || Array.isArray(callback)) {
    fail(where, {
      expected: `${name} to be an object of hooks such as earlyStopping()`,
      received: describe(callback),
      hint:
        typeof callback === "function"
          ? `call it: ${callback.name || "callback"}(…), or use lambdaCallback({ onEpochEnd: … }).`
          : undefined,
    });
  }
  const names = new Set(Object.keys(callback));
  for (const hook of names) {
    if (!/^(on|set)[_A-Z]/.test(hook) || callbackMembers.includes(hook)) continue;
    const near = nearest(hook, callbackMembers);
    if (near === undefined || names.has(near)) continue;
    if (typeof (callback as Record<string, unknown>)[hook] !== "function") continue;
    fail(where, {
      expected: `${name} to have hooks of known names`,
      received: `"${hook}"`,
      hint: `did you mean ${near}?`,
    });
  }
  const { needs } = callback as Callback;
  if (needs !== undefined) checkOneOf(`${where}: ${name}.needs`, needs, allNeeds);
  for (const hook of callbackMembers) {
    const given = (callback as Record<string, unknown>)[hook];
    if (given === undefined || typeof given === "function") continue;
    fail(where, {
      expected: `${name}.${hook} to be a function`,
      received: describe(given),
    });
  }
}

type Hook = (first: number | Logs, second?: Logs) => HookResult;

/**
 * Several callbacks called in order. A method returns nothing when all its hooks
 * were synchronous, so that a training step costs no promise; where it returns a
 * promise, wait for it.
 */
export class CallbackList {
  /** The callbacks, in the order they are called. */
  readonly callbacks: readonly Callback[];
  readonly #hooks = new Map<HookName, readonly Hook[]>();

  /**
   * @param callbacks the callbacks in order; put the history last, so that it sees what others add to the logs
   * @param model what the callbacks see of the model
   * @param params what is known about the run
   * @param where the caller for errors, `fit` by default
   * @throws GradusError for something that is no callback, and for a misspelt hook
   */
  constructor(
    callbacks: readonly Callback[],
    model: CallbackModel,
    params: CallbackParams,
    where = "fit",
  ) {
    if (!Array.isArray(callbacks)) {
      fail(where, { expected: "callbacks to be an array", received: describe(callbacks) });
    }
    callbacks.forEach((callback, i) => {
      checkCallback(where, callback, `callbacks[${i}]`);
    });
    this.callbacks = [...callbacks];
    for (const name of [...runHooks, ...countedHooks]) {
      const hooks: Hook[] = [];
      for (const callback of callbacks) {
        const hook = callback[name] as Hook | undefined;
        if (hook !== undefined) hooks.push(hook.bind(callback));
      }
      if (hooks.length > 0) this.#hooks.set(name, hooks);
    }
    for (const callback of callbacks) {
      callback.setParams?.(params);
      callback.setModel?.(model);
    }
  }

  /** What callbacks want measured. */
  get probes(): readonly StepProbe[] {
    return this.callbacks.flatMap(({ probe }) => probe ?? []);
  }

  /** Whether any callback has the hook: where none has, its logs need not be made. */
  has(hook: HookName): boolean {
    return this.#hooks.has(hook);
  }

  /** The most that any of the callbacks with the hook needs; null where none has it. */
  needs(hook: HookName): CallbackNeeds | null {
    const ranks = this.callbacks
      .filter((callback) => callback[hook] !== undefined)
      .map(({ needs = "step" }) => allNeeds.indexOf(needs));
    return ranks.length > 0 ? (allNeeds[Math.max(...ranks)] as CallbackNeeds) : null;
  }

  /** Calls a hook that belongs to a whole run. */
  run(name: RunHook, logs: Logs): HookResult {
    const hooks = this.#hooks.get(name);
    return hooks === undefined ? undefined : callFrom(hooks, 0, logs, undefined);
  }

  /** Calls a hook of the epoch or batch with the number `at`, from 0. */
  at(name: CountedHook, at: number, logs: Logs): HookResult {
    const hooks = this.#hooks.get(name);
    return hooks === undefined ? undefined : callFrom(hooks, 0, at, logs);
  }
}

/** Goes on asynchronously only from the first hook that returned a promise. */
function callFrom(
  hooks: readonly Hook[],
  from: number,
  first: number | Logs,
  second: Logs | undefined,
): HookResult {
  for (let i = from; i < hooks.length; i++) {
    const result = (hooks[i] as Hook)(first, second);
    if (
      result instanceof Promise ||
      typeof (result as Promise<void> | undefined)?.then === "function"
    ) {
      return (result as Promise<void>).then(() => callFrom(hooks, i + 1, first, second));
    }
  }
  return undefined;
}
