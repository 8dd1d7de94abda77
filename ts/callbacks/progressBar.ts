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
  /** A function to write with instead of a stream; gets whole lines only, unless `isTTY`. */
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

class ProgressBar implements Callback {
  readonly #target: TextStream;
  readonly #look: Look;
  #params: CallbackParams = { epochs: 1, steps: null, samples: null, batchSize: 1 };
  #training = false;
  #epoch = 0;
  #runStart = 0;
  #epochStart = 0;
  /** When the steps of the epoch ended and validation began; 0 while they go on. */
  #stepsEnd = 0;
  #stepsDone = 0;
  #lastShown = 0;

  constructor(target: TextStream, look: Look) {
    this.#target = target;
    this.#look = look;
  }

  setParams(params: CallbackParams): void {
    this.#params = params;
  }

  onTrainBegin(): void {
    this.#training = true;
    this.#runStart = now();
  }

  onTrainEnd(): void {
    this.#training = false;
  }

  onEpochBegin(epoch: number): void {
    this.#begin(epoch);
  }

  onTrainBatchEnd(batch: number, logs: Logs): void {
    this.#stepsDone = batch + 1;
    if (this.#isDue()) this.#show(`${this.#bar()}  ${logsText(logs)}  ${this.#pace()}`);
  }

  onEpochEnd(_: number, logs: Logs): void {
    this.#finish(logs);
  }

  onTestBegin(): void {
    if (this.#training) this.#stepsEnd = now();
    else this.#begin(0);
  }

  onTestBatchEnd(batch: number, logs: Logs): void {
    if (this.#training) {
      if (this.#isDue()) this.#show(`${this.#bar()}  validating, batch ${batch + 1}`);
    } else this.onTrainBatchEnd(batch, logs);
  }

  onTestEnd(logs: Logs): void {
    if (!this.#training) this.#finish(logs);
  }

  onPredictBegin(): void {
    this.#begin(0);
  }

  onPredictBatchEnd(batch: number): void {
    this.onTrainBatchEnd(batch, {});
  }

  onPredictEnd(): void {
    this.#finish({});
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
    return this.#training ? `Epoch ${this.#epoch + 1}/${this.#params.epochs}  ` : "";
  }

  /** The bar and the steps; the steps alone where nobody knows how many there will be. */
  #bar(): string {
    const { steps } = this.#params;
    const done = this.#stepsDone;
    if (steps === null) return `step ${done}`;
    const bar = barText(done / steps, this.#look.width, this.#look.unicode);
    return `${bar}  ${String(done).padStart(String(steps).length)}/${steps}`;
  }

  #samplesPerSecond(): number {
    const { batchSize, samples } = this.#params;
    const seconds = ((this.#stepsEnd || now()) - this.#epochStart) / 1000;
    const done = Math.min(this.#stepsDone * batchSize, samples ?? Number.POSITIVE_INFINITY);
    return done / Math.max(seconds, 1e-6);
  }

  /** Seconds until the run ends at the pace it had so far; null where nobody knows. */
  #secondsLeft(): number | null {
    const { steps, epochs, initialEpoch = 0 } = this.#params;
    if (steps === null) return null;
    const first = this.#training ? initialEpoch : 0;
    const done = (this.#epoch - first) * steps + this.#stepsDone;
    const all = this.#training ? (epochs - first) * steps : steps;
    const since = this.#training ? this.#runStart : this.#epochStart;
    return done === 0 ? null : ((now() - since) / 1000 / done) * (all - done);
  }

  #pace(): string {
    const left = this.#secondsLeft();
    const speed = speedText(this.#samplesPerSecond());
    return left === null ? speed : `${speed}  ${durationText(left)} left`;
  }

  /** Shows a line that will be written over. */
  #show(text: string): void {
    const line = this.#title() + text;
    const width = this.#target.columns ?? 0;
    // A line that wraps cannot be written over: it is cut one short of the edge.
    const cut = width > 1 && line.length >= width ? line.slice(0, width - 1) : line;
    this.#target.write(`\r${cut}\u001b[K`);
  }

  /** Writes a line that stays. */
  #finish(logs: Logs): void {
    const time = durationText((now() - this.#epochStart) / 1000);
    const speed = speedText(this.#samplesPerSecond());
    const parts = [logsText(logs), speed, time].filter((part) => part !== "");
    const left = this.#secondsLeft();
    if (!this.#look.live) {
      if (this.#training && left !== null && left > 0) parts.push(`${durationText(left)} left`);
      this.#target.write(`${this.#title()}${parts.join("  ")}\n`);
      return;
    }
    const line = `${this.#title()}${this.#bar()}  ${parts.join("  ")}`;
    this.#target.write(`\r${line}\u001b[K\n`);
  }
}
