// Role: the words, numbers and bars of the progress bar. It must not write
// anything nor keep time.
import type { Logs } from "./callback.js";

/** A loss or metric: four decimals, or three digits where that says too little. */
export function numberText(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e5)) return value.toFixed(4);
  return Number.isFinite(value) ? value.toExponential(2) : String(value);
}

/** A time in seconds: `0.84 s`, `12.3 s`, `2:05 min`, `1:02:05 h`. */
export function durationText(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const total = Math.round(seconds);
  const pad = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}:${pad(total % 60)} min`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(total % 60)} h`;
}

/** Samples per second: `38,214 samples/s`; decimals where there are few. */
export function speedText(samplesPerSecond: number): string {
  const rounded =
    samplesPerSecond < 10
      ? samplesPerSecond.toFixed(1)
      : Math.round(samplesPerSecond).toLocaleString("en-US");
  return `${rounded} samples/s`;
}

/** `loss 0.2714  accuracy 0.9213` */
export function logsText(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => `${name} ${numberText(value)}`)
    .join("  ");
}

/** A bar of `width` characters, of which `share` (0 to 1) is filled. */
export function barText(share: number, width: number, unicode: boolean): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return unicode
    ? "━".repeat(filled) + "╌".repeat(width - filled)
    : `[${"=".repeat(filled)}${".".repeat(width - filled)}]`;
}
