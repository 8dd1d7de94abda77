// Role: the logs of each epoch as lines of comma-separated values. It must not
// touch files: where lines go is the user's, so that it works everywhere.
import { checkBoolean, checkOptions, describe, fail } from "../errors.js";
import type { Callback } from "./callback.js";

/** Options of {@link csvLogger}. */
export interface CsvLoggerOptions {
  /** Gets each line, with its line break; may be asynchronous. */
  readonly write: (line: string) => void | Promise<void>;
  /** What stands between values; "," by default. */
  readonly separator?: string;
  /** Whether a file goes on, so that the names are not written again; false by default. */
  readonly append?: boolean;
}

/**
 * Writes one line per epoch: its number (from 0) and the logs by name in
 * alphabetical order, after a line with the names. A name missing in a later
 * epoch gives NA, as in Keras.
 * Source: https://keras.io/api/callbacks/csv_logger/
 * @throws GradusError without a `write` function
 * @example
 * const file = createWriteStream("log.csv");
 * csvLogger({ write: (line) => void file.write(line) });
 */
export function csvLogger(options: CsvLoggerOptions): Callback {
  const where = "csvLogger";
  const given = checkOptions(where, options, ["write", "separator", "append"]);
  const { write, separator = ",", append = false } = given;
  if (typeof write !== "function") {
    fail(where, { expected: "write to be a function", received: describe(write) });
  }
  if (typeof separator !== "string" || separator === "") {
    fail(where, { expected: "separator to be a text", received: describe(separator) });
  }
  checkBoolean(where, "append", append);
  let names: string[] | undefined;
  return {
    onTrainBegin() {
      names = undefined;
    },
    onEpochEnd(epoch, logs) {
      let text = "";
      if (names === undefined) {
        names = Object.keys(logs).sort();
        if (!append) text = `${["epoch", ...names].join(separator)}\n`;
      }
      const values = names.map((name) => String(logs[name] ?? "NA"));
      return write(`${text}${[String(epoch), ...values].join(separator)}\n`);
    },
  };
}
