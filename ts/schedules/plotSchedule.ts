// Role: draws a schedule without training. It must not know optimizers.
import { checkBoolean, checkNumber, checkOptions } from "../errors.js";
import type { Panel } from "../plot/diagram.js";
import { Plot } from "../plot/plot.js";
import { type LearningRate, resolveLearningRate } from "./schedule.js";

/** Options of {@link plotSchedule}. */
export interface PlotScheduleOptions {
  /** How many steps of the optimizer are drawn; whole, at least 1. */
  readonly steps: number;
  /**
   * Batches in an epoch: the axis then counts epochs, and schedules by epoch hold each value
   * for so long; whole, at least 1. Default: none; for schedules by epoch 1, so that `steps`
   * are epochs.
   */
  readonly stepsPerEpoch?: number;
  /** Whether the learning rate has a logarithmic axis; zeros are not drawn. Default: false. */
  readonly logScale?: boolean;
}

/** More points than this are not told apart. */
const mostPoints = 2000;

/**
 * Draws the learning rate over the steps, and below it the momentum where the schedule cycles it.
 * @param schedule a schedule, a function of the step, or a number
 * @param options how far, and on which axes
 * @returns the plot: `toString()` for a terminal, `toSVG()` for everything else
 * @throws GradusError for options out of range, and for a schedule that gives no learning rate at
 *   some step
 * @example
 * const plot = plotSchedule(oneCycle({ maxLearningRate: 0.01, totalSteps: 1000 }), { steps: 1000 });
 * console.log(String(plot));
 * writeFileSync("schedule.svg", plot.toSVG());
 */
export function plotSchedule(schedule: LearningRate, options: PlotScheduleOptions): Plot {
  const where = "plotSchedule";
  const rates = resolveLearningRate(where, schedule);
  const given = checkOptions(where, options, ["steps", "stepsPerEpoch", "logScale"]);
  const whole = { integer: true, min: 1 };
  const steps = checkNumber(where, "steps", given.steps, whole);
  const byEpoch = rates.by === "epoch";
  const perEpoch = checkNumber(where, "stepsPerEpoch", given.stepsPerEpoch ?? 1, whole);
  const log = checkBoolean(where, "logScale", given.logScale ?? false);
  const inEpochs = byEpoch || given.stepsPerEpoch !== undefined;

  const last = steps - 1;
  const count = Math.min(steps, mostPoints);
  const drawn = Array.from({ length: count }, (_, i) =>
    count === 1 ? 0 : Math.round((i * last) / (count - 1)),
  );
  const times = byEpoch ? drawn.map((step) => Math.floor(step / perEpoch)) : drawn;
  const momenta = times.map((t) => rates.momentum(t) ?? Number.NaN);
  const line = (name: string, y: readonly number[]) => [{ name, y, joined: true }];
  const panels: Panel[] = [
    {
      title: "learning rate",
      series: line(
        "learning rate",
        times.map((t) => rates.learningRate(t)),
      ),
      axis: { rounded: true, fromZero: true, log },
    },
  ];
  if (momenta.some((value) => !Number.isNaN(value))) {
    panels.push({ title: "momentum", series: line("momentum", momenta), axis: { rounded: true } });
  }
  return new Plot({
    title: `${rates.schedule.name} schedule`,
    x: drawn.map((step) => step / perEpoch),
    xEnd: steps / perEpoch,
    xTitle: inEpochs ? "epoch" : "step",
    xAxis: {},
    panels,
  });
}
