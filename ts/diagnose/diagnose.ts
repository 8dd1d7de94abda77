// Role: the callback that watches training and names what is sick. It gathers figures and asks the
// rules; it must not know models beyond what callbacks see of them.
import type { Callback, Logs } from "../callbacks/callback.js";
import type { ProbedModel, StepFigures, StepProbe } from "../callbacks/step-probe.js";
import { defaultStream, type TextStream } from "../callbacks/terminal.js";
import { checkNumber, checkOneOf, checkOptions, describe, fail } from "../errors.js";
import { isFine, typicalOf } from "./analysis.js";
import { type DiagnosisThresholds, defaultThresholds } from "./findings.js";
import { type DiagnosisReport, nameFigures, textOf } from "./report.js";
import { judge } from "./rules.js";

/** Options of {@link diagnose}. */
export interface DiagnoseOptions {
  /**
   * Every how many steps one is measured; whole, >= 1, 50 by default. The first step of a `fit` is
   * always measured. An epoch without a measured step is judged by the last one before. A step
   * that only gathers gradients (`gradientAccumulationSteps`) is not measured, but the next that
   * updates.
   */
  readonly every?: number;
  /** When the report is printed: after the last epoch (the default), after each, or never. */
  readonly print?: "end" | "epoch" | "never";
  /** Where it is printed: a stream such as `process.stdout`; stderr or the console by default. */
  readonly stream?: TextStream;
  /** Called with the report after each epoch. Default: nothing. */
  readonly onReport?: (report: DiagnosisReport) => void;
  /** Other limits for the rules; see {@link DiagnosisThresholds}. */
  readonly thresholds?: Partial<DiagnosisThresholds>;
}

/** The callback {@link diagnose} makes, with what it found. */
export interface Diagnosis extends Callback {
  /** The report of the last epoch; null before the first one has ended. */
  readonly report: DiagnosisReport | null;
  /** The report as a table with a verdict. */
  toString(): string;
}

const where = "diagnose";
const names = ["every", "print", "stream", "onReport", "thresholds"];

/** Shares cannot be above 1. */
const shares: ReadonlySet<string> = new Set(["saturated", "dead"]);

/** More measured steps are thinned out, so that long training does not fill memory. */
const mostSteps = 1000;

/**
 * Watches training and names what is sick: vanishing or exploding gradients, dead units, saturated
 * activations, too high or too low a learning rate, inputs that are not standardised, numbers that
 * are not finite; with the layers that show it, and a remedy.
 *
 * At every 50th step it takes, for each layer, mean and standard deviation of its outputs, the
 * shares of saturated outputs and of dead units, and for each trained weight its norm and those of
 * its gradient (before clipping) and of its update. The weights after training are the same as
 * without it. What counts as sick, and after which source, is told by {@link DiagnosisThresholds}.
 * Memory for a copy of the trained weights is needed while `fit` runs.
 * @throws GradusError for options out of range
 * @example
 * const doctor = diagnose({ print: "never" });
 * await model.fit(x, y, { epochs: 3, callbacks: [doctor] });
 * if (!doctor.report?.healthy) console.log(doctor.toString());
 */
export function diagnose(options: DiagnoseOptions = {}): Diagnosis {
  const given = checkOptions(where, options, names);
  const { stream, onReport } = given;
  if (stream !== undefined && typeof stream?.write !== "function") {
    fail(where, { expected: "stream to have a write function", received: describe(stream) });
  }
  if (onReport !== undefined && typeof onReport !== "function") {
    fail(where, { expected: "onReport to be a function", received: describe(onReport) });
  }
  return new Doctor({
    every: checkNumber(where, "every", given.every ?? 50, { integer: true, min: 1 }),
    print: checkOneOf(`${where}: print`, given.print ?? "end", ["end", "epoch", "never"] as const),
    stream,
    onReport,
    thresholds: checkThresholds(given.thresholds ?? {}),
  });
}

function checkThresholds(given: Partial<DiagnosisThresholds>): DiagnosisThresholds {
  const place = `${where}: thresholds`;
  const known = Object.keys(defaultThresholds) as (keyof DiagnosisThresholds)[];
  const checked: Partial<DiagnosisThresholds> = checkOptions(place, given, known);
  for (const name of known) {
    if (checked[name] === undefined) continue;
    checkNumber(place, name, checked[name], {
      exclusiveMin: 0,
      ...(shares.has(name) ? { max: 1 } : {}),
    });
  }
  return { ...defaultThresholds, ...checked };
}

interface Settings {
  readonly every: number;
  readonly print: "end" | "epoch" | "never";
  readonly stream: TextStream | undefined;
  readonly onReport: ((report: DiagnosisReport) => void) | undefined;
  readonly thresholds: DiagnosisThresholds;
}

class Doctor implements Diagnosis {
  report: DiagnosisReport | null = null;
  readonly probe: StepProbe;
  readonly #settings: Settings;
  #model: ProbedModel | null = null;
  #first: StepFigures | null = null;
  #history: StepFigures[] = [];
  /** Of how many measured steps one is kept in the history. */
  #stride = 1;
  #measured = 0;
  /** Of the present epoch. */
  #steps: StepFigures[] = [];
  #last: StepFigures | null = null;
  /** The last steps whose figures were finite. */
  #sound: readonly StepFigures[] = [];
  #broken: StepFigures | null = null;
  #epochLosses: number[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
    this.probe = {
      every: settings.every,
      begin: (model) => this.#begin(model),
      see: (figures) => this.#see(figures),
    };
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    const model = this.#model;
    const last = this.#last;
    if (!model || !last) return;
    if (logs.loss !== undefined) this.#epochLosses.push(logs.loss);
    const steps = this.#steps.length > 0 ? this.#steps : [last];
    const sound = steps.filter(isFine);
    if (sound.length > 0) this.#sound = sound;
    const history = [...this.#history];
    const findings = judge({
      model,
      steps,
      typical: typicalOf(this.#sound.length > 0 ? this.#sound : steps),
      first: this.#first as StepFigures,
      broken: this.#broken,
      epochLosses: this.#epochLosses,
      thresholds: this.#settings.thresholds,
    });
    this.report = {
      ...nameFigures(model, typicalOf(steps)),
      epoch,
      measured: this.#steps.length,
      findings,
      healthy: findings.length === 0,
      get history() {
        return history.map((figures) => nameFigures(model, figures));
      },
    };
    this.#steps = [];
    if (this.#settings.print === "epoch") this.#print();
    this.#settings.onReport?.(this.report);
  }

  onTrainEnd(): void {
    if (this.#settings.print === "end" && this.report) this.#print();
  }

  toString(): string {
    return this.report ? textOf(this.report) : "Diagnosis: no epoch has ended yet.";
  }

  #begin(model: ProbedModel): void {
    this.report = null;
    this.#model = model;
    this.#first = null;
    this.#last = null;
    this.#sound = [];
    this.#broken = null;
    this.#history = [];
    this.#stride = 1;
    this.#measured = 0;
    this.#steps = [];
    this.#epochLosses = [];
  }

  #see(figures: StepFigures): void {
    this.#first ??= figures;
    this.#last = figures;
    if (!isFine(figures)) this.#broken ??= figures;
    this.#steps.push(figures);
    if (this.#measured++ % this.#stride === 0) this.#history.push(figures);
    if (this.#history.length > mostSteps) {
      this.#history = this.#history.filter((_, i) => i % 2 === 0);
      this.#stride *= 2;
    }
  }

  #print(): void {
    (this.#settings.stream ?? defaultStream()).write(`${this}\n`);
  }
}
