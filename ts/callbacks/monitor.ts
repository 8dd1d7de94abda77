// Role: what the callbacks share that watch one number: its name, its direction
// and what counts as better. It must not act on models.
import { checkNumber, checkOneOf, describe, fail } from "../errors.js";
import type { CallbackParams, Logs } from "./callback.js";

/** Whether less or more is better; "auto" infers it from the name. */
export type MonitorMode = "auto" | "min" | "max";

/** Options that watching callbacks share. */
export interface MonitorOptions {
  /** The name of the number in the logs; "valLoss" by default. */
  readonly monitor?: string;
  /** Whether less ("min") or more ("max") is better; "auto", the default, infers it from the name. */
  readonly mode?: MonitorMode;
  /** The least change that counts; its sign does not matter. Default: that of the callback. */
  readonly minDelta?: number;
}

const moreIsBetter =
  /acc(uracy)?$|auc|precision|recall|sensitivity|specificity|score|iou|similarity|correlation|^true/i;
const lessIsBetter =
  /loss|error|entropy|divergence|hinge|poisson|perplexity|huber|^(mse|mae|mape|msle)$|^false/i;

function withoutVal(name: string): string {
  return /^val[A-Z]/.test(name) ? name.slice(3, 4).toLowerCase() + name.slice(4) : name;
}

function bare(name: string): string {
  return name.replace(/[^a-z0-9]/gi, "").toLowerCase();
}

/** One watched number. */
export class Monitor {
  /** The name of the number in the logs. */
  readonly name: string;
  readonly #where: string;
  readonly #minDelta: number;
  readonly #sign: 1 | -1;
  #seen = false;

  /**
   * @param where the callback for errors
   * @param options what to watch
   * @param minDelta the least change that counts, where the options leave it open
   * @throws GradusError for a name whose direction is unknown with the mode "auto"
   */
  constructor(where: string, options: MonitorOptions, minDelta: number) {
    const { monitor = "valLoss", mode = "auto" } = options;
    if (typeof monitor !== "string" || monitor === "") {
      fail(where, { expected: "monitor to be a name", received: describe(monitor) });
    }
    checkOneOf(`${where}: mode`, mode, ["auto", "min", "max"] as const);
    this.name = monitor;
    this.#where = where;
    this.#minDelta = Math.abs(checkNumber(where, "minDelta", options.minDelta ?? minDelta));
    this.#sign = mode === "auto" ? direction(where, monitor) : mode === "min" ? -1 : 1;
  }

  /**
   * Whether `value` is better than `best` by more than `minDelta`. The first value
   * is better than none, and any number is better than NaN.
   */
  isBetter(value: number, best: number | null): boolean {
    if (best === null || Number.isNaN(best)) return best === null || !Number.isNaN(value);
    return this.#sign > 0 ? value - this.#minDelta > best : value + this.#minDelta < best;
  }

  /**
   * Finds mistakes before training where the names of the logs are known:
   * another spelling, and a validation number without validation data.
   */
  check({ metrics }: CallbackParams): void {
    if (metrics === undefined || metrics.includes(this.name)) return;
    const misspelt = metrics.some((name) => bare(name) === bare(this.name));
    if (misspelt || metrics.includes(withoutVal(this.name))) this.#failMissing(metrics);
  }

  /**
   * The watched value of an epoch; undefined in an epoch without it.
   * @throws GradusError where it was not in the first epoch, so that it will not come
   */
  value(logs: Logs): number | undefined {
    const value = logs[this.name];
    if (value === undefined && !this.#seen) this.#failMissing(Object.keys(logs));
    this.#seen = true;
    return value;
  }

  /** Forgets that the value was seen, for another run. */
  reset(): void {
    this.#seen = false;
  }

  #failMissing(names: readonly string[]): never {
    const near = names.find((name) => bare(name) === bare(this.name));
    const noValidation = names.includes(withoutVal(this.name));
    return fail(this.#where, {
      expected: `monitor to be one of the logs ${names.join(", ")}`,
      received: `"${this.name}"`,
      hint:
        near !== undefined
          ? `did you mean "${near}"?`
          : noValidation || this.name === "valLoss"
            ? `pass validationData or validationSplit to fit, or watch "${withoutVal(this.name)}".`
            : undefined,
    });
  }
}

function direction(where: string, monitor: string): 1 | -1 {
  const name = withoutVal(monitor.replace(/^val_/, ""));
  if (lessIsBetter.test(name)) return -1;
  if (moreIsBetter.test(name)) return 1;
  return fail(where, {
    expected: `a mode for the monitor "${monitor}", whose direction its name does not tell`,
    received: '"auto"',
    hint: 'pass mode: "min" where less is better, mode: "max" where more is.',
  });
}
