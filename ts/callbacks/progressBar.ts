// Role: shows how training, evaluation and prediction go on, in terminals, log
// files and browser consoles. It must not know models, only events.
import { checkBoolean, checkNumber, checkOptions, describe, fail } from "../errors.js";
import type { Callback, CallbackParams, Logs } from "./callback.js";
import { barText, durationText, logsText, speedText } from "./progress-text.js";
import { canRewrite, defaultStream, showsUnicode, type TextStream } from "./terminal.js";

/** Options of {@link progressBar}. */
export interface ProgressBarOptions {
  /** Where to write: a stream such as `process.stdout`; stderr or the console by default. */
  readonly stream?: TextStream;
  /** A function to write with instead of a stream; gets whole lines only, unless `isTTY`. Default: none. */
  readonly write?: (text: string) => unknown;
  /** Whether lines can be written anew; found out from the stream by default. */
  readonly isTTY?: boolean;
  /** Whether more than ASCII can be shown; found out from the environment by default. */
  readonly unicode?: boolean;
  /** Characters of the bar; whole, >= 1, 24 by default. */
  readonly width?: number;
  /** Least milliseconds between two showings; >= 0, 100 by default. */
  readonly interval?: number;
}

const names = ["stream", "write", "isTTY", "unicode", "width", "interval"];

/**
 * Shows epoch, a bar of steps, loss and metrics, samples per second, and the time
 * left. On a terminal one line per epoch is written over and over; elsewhere
 * (log files, browser consoles) each epoch gives one line without control characters.
 *
 * Samples per second count training alone; the time left is that of all epochs,
 * with their validation.
 * @throws GradusError for options of a wrong kind
 * @example
 * await model.fit(x, y, { epochs: 5, callbacks: [progressBar()] });
 * // Epoch 2/5  ━━━━━━━━━━━━━━━━╌╌╌╌╌╌╌╌  627/938  loss 0.0931  accuracy 0.9713  61,004 samples/s  3.4 s left
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  const where = "progressBar";
  const given = checkOptions(where, options, names);
  const { stream, write } = given;
  if (write !== undefined && typeof write !== "function") {
    fail(where, { expected: "write to be a function", received: describe(write) });
  }
  if (stream !== undefined && typeof stream?.write !== "function") {
    fail(where, { expected: "stream to have a write function", received: describe(stream) });
  }
  const target: TextStream = write ? { write } : (stream ?? defaultStream());
  return new ProgressBar(target, {
    live: checkBoolean(where, "isTTY", given.isTTY ?? canRewrite(target)),
    unicode: checkBoolean(where, "unicode", given.unicode ?? showsUnicode()),
    width: checkNumber(where, "width", given.width ?? 24, { min: 1, integer: true }),
    interval: checkNumber(where, "interval", given.interval ?? 100, { min: 0 }),
  });
}

interface Look {
  readonly live: boolean;
  readonly unicode: boolean;
  readonly width: number;
  readonly interval: number;
}

const now = (): number => performance.now();

/** A moment in an epoch. */
interface Mark {
  readonly time: number;
  readonly steps: number;
}

/** The pace shown is that of the last one to two seconds: the first steps of all are slow. */
const paceMilliseconds = 1000;

/** Characters a bar keeps on a narrow terminal. */
const shortestBar = 6;

class ProgressBar implements Callback {
  readonly needs = "logs";
  readonly #target: TextStream;
  readonly #look: Look;
  #params: CallbackParams = { epochs: 1, steps: null, samples: null, batchSize: 1 };
  #training = false;
  #epoch = 0;
  #epochStart = 0;
  /** When the steps of the epoch ended and validation began; 0 while they go on. */
  #stepsEnd = 0;
  #stepsDone = 0;
  #stepsBefore: number | null = null;
  #lastShown = 0;
  /** The two last marks that the pace is measured from, the older one first. */
  #marks: readonly [Mark, Mark] = [
    { time: 0, steps: 0 },
    { time: 0, steps: 0 },
  ];
  /** Seconds that the epoch before took in all, and for validation; null in the first one. */
  #epochBefore: { readonly all: number; readonly validation: number } | null = null;

  constructor(target: TextStream, look: Look) {
    this.#target = target;
    this.#look = look;
  }

  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  onTrainBegin(): void {
    this.#training = true;
    this.#epochBefore = null;
    this.#stepsBefore = null;
  }

  onTrainEnd(): void {
    this.#training = false;
  }

  onEpochBegin(epoch: number): void {
    this.#begin(epoch);
  }

  onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#stepsDone = batch + 1;
    if (batch === 0) this.#mark(now());
    if (this.#isDue()) this.#show([logsText(logs), ...this.#pace()]);
  }

  onEpochEnd(_: number, logs: Logs): void {
    this.#finish(logs);
  }

  onTestBegin(): void {
    if (this.#training) this.#stepsEnd = now();
    else this.#beginAlone();
  }

  onTestBatchEnd(batch: number, logs: Logs): void {
    if (!this.#training) this.onTrainBatchEnd(batch, logs);
    else if (this.#isDue()) this.#show([`validating, batch ${batch + 1}`]);
  }

  onTestEnd(logs: Logs): void {
    if (!this.#training) this.#finish(logs);
  }

  onPredictBegin(): void {
    this.#beginAlone();
  }

  onPredictBatchEnd(batch: number): void {
    this.onTrainBatchEnd(batch, {});
  }

  onPredictEnd(): void {
    this.#finish({});
  }

  /** Evaluation and prediction say nothing of how long the next one will be. */
  #beginAlone(): void {
    this.#stepsBefore = null;
    this.#begin(0);
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#epochStart = now();
    this.#lastShown = this.#epochStart;
    this.#stepsEnd = 0;
    this.#stepsDone = 0;
  }

  #isDue(): boolean {
    if (!this.#look.live) return false;
    const time = now();
    if (time - this.#lastShown < this.#look.interval) return false;
    this.#lastShown = time;
    return true;
  }

  /** `Epoch 2/5`; nothing outside of training. */
  #title(): string {
    return this.#training ? `Epoch ${this.#epoch + 1}/${this.#params.epochs}` : "";
  }

  /** The bar and the steps; the steps alone where nobody knows how many there will be. */
  #bar(width: number): string {
    const steps = this.#steps;
    const done = this.#stepsDone;
    if (steps === null) return `step ${done}`;
    const bar = barText(done / steps, width, this.#look.unicode);
    return `${bar}  ${String(done).padStart(String(steps).length)}/${steps}`;
  }

  /** The line with its bar, which gives way where the terminal is narrow. */
  #barLine(parts: readonly string[]): string {
    const withBar = (width: number) => line([this.#title(), this.#bar(width), ...parts]);
    const full = withBar(this.#look.width);
    const excess = full.length - this.#room();
    return excess > 0 ? withBar(Math.max(shortestBar, this.#look.width - excess)) : full;
  }

  /** Characters that fit: a line that reaches the edge may wrap. */
  #room(): number {
    const { columns = 0 } = this.#target;
    return columns > 1 ? columns - 1 : Number.POSITIVE_INFINITY;
  }

  #mark(time: number): void {
    const mark = { time, steps: this.#stepsDone };
    this.#marks = [this.#stepsDone === 1 ? mark : this.#marks[1], mark];
  }

  /** Samples per second and the time left, once there is a pace. */
  #pace(): string[] {
    const time = now();
    const [since, last] = this.#marks;
    if (time - last.time >= paceMilliseconds) this.#mark(time);
    const steps = this.#stepsDone - since.steps;
    if (steps === 0 || time <= since.time) return [];
    const perStep = (time - since.time) / 1000 / steps;
    const speed = this.#speed(1 / perStep);
    const left = this.#secondsLeft(perStep);
    return left === null ? [speed] : [speed, `${durationText(left)} left`];
  }

  /** Samples per second; batches, where these may have any size. */
  #speed(stepsPerSecond: number): string {
    const { batchSize } = this.#params;
    const speed = speedText((batchSize ?? 1) * stepsPerSecond);
    return batchSize === null ? speed.replace("samples", "batches") : speed;
  }

  /** Batches of an epoch; where nobody says, those of the epoch before. */
  get #steps(): number | null {
    return this.#params.steps ?? this.#stepsBefore;
  }

  /** Seconds until the run ends, with the validation of each epoch; null where nobody knows. */
  #secondsLeft(perStep: number): number | null {
    const steps = this.#steps;
    if (steps === null) return null;
    const { all, validation } = this.#epochBefore ?? { all: steps * perStep, validation: 0 };
    return (steps - this.#stepsDone) * perStep + validation + this.#epochsLeft() * all;
  }

  #epochsLeft(): number {
    return this.#training ? this.#params.epochs - this.#epoch - 1 : 0;
  }

  /** Shows a line that will be written over; a line that wraps could not be. */
  #show(parts: readonly string[]): void {
    this.#target.write(`\r${this.#barLine(parts).slice(0, this.#room())}\u001b[K`);
  }

  /** Writes a line that stays. */
  #finish(logs: Logs): void {
    const { batchSize, samples } = this.#params;
    this.#stepsBefore = this.#stepsDone;
    const end = now();
    const all = (end - this.#epochStart) / 1000;
    const validation = this.#stepsEnd > 0 ? (end - this.#stepsEnd) / 1000 : 0;
    this.#epochBefore = { all, validation };

    // The last batch may be shorter.
    const most = batchSize && samples ? samples / batchSize : Number.POSITIVE_INFINITY;
    const speed = this.#speed(Math.min(this.#stepsDone, most) / Math.max(all - validation, 1e-6));
    const parts = [logsText(logs), speed, durationText(all)];
    if (this.#look.live) {
      this.#target.write(`\r${this.#barLine(parts)}\u001b[K\n`);
      return;
    }
    const left = this.#epochsLeft() * all;
    if (left > 0) parts.push(`${durationText(left)} left`);
    this.#target.write(`${line([this.#title(), ...parts])}\n`);
  }
}

/** The parts that are not empty, on one line. */
function line(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("  ");
}
