// Role: what a preset chose and why, as data and as text. It must not choose.
import { describe, fail } from "../errors.js";

/** One choice of a preset. */
export interface PresetChoice {
  /** What was to be chosen: `activation`. */
  readonly subject: string;
  /** What was: `elu`. */
  readonly choice: string;
  /** Why, as a sentence. */
  readonly reason: string;
}

/** Where the explanation of a preset goes. */
export interface PresetPrintOption {
  /**
   * Whether what was chosen and why is printed to the console, or a function that is called with the
   * text. Default: true.
   */
  print?: boolean | ((explanation: string) => void);
}

/** The choices as a text, a line for each, and prints it where that is wanted. */
export function explain(
  where: string,
  title: string,
  choices: readonly PresetChoice[],
  { print = true }: PresetPrintOption,
): string {
  const lines = choices.map(({ subject, choice, reason }) => `  ${subject}: ${choice}. ${reason}`);
  const text = [`${where}: ${title}`, ...lines].join("\n");
  if (typeof print === "function") print(text);
  else if (print) console.log(text);
  return text;
}

/** Checks where the explanation goes, before anything is built. */
export function checkPrint(where: string, { print = true }: PresetPrintOption): void {
  if (typeof print === "boolean" || typeof print === "function") return;
  fail(where, { expected: "print to be true, false or a function", received: describe(print) });
}
