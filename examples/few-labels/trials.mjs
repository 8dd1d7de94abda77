// Role: what the examples with few labels share besides the data: flags, and the table of
// accuracies over several seeds with the gain of each setting over the first.
import { parseArgs } from "node:util";

/**
 * The flags of an example.
 * @param {string} title what it does, for --help
 * @param {number} seeds how many seeds by default
 * @returns {{ quick: boolean, seeds: number[], json: boolean }}
 */
export function readFlags(title, seeds) {
  const usage = `${title}

  --seeds N   how many seeds, each with a sample and initial weights of its own (default ${seeds})
  --quick     less data and fewer epochs: shows that it works, not how well
  --json      writes one line of JSON last on stdout, and everything else to stderr
  --help      shows this
`;
  const end = (/** @type {string} */ message) => {
    process.stderr.write(`${message}\nSee --help.\n`);
    return process.exit(2);
  };
  const options = /** @type {const} */ ({
    seeds: { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  });
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    return end(error instanceof Error ? error.message : String(error));
  }
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const count = values.seeds ?? (values.quick ? "2" : String(seeds));
  if (!/^[1-9]\d{0,2}$/.test(count)) {
    return end(`--seeds: expected a whole number from 1 to 999, received "${count}".`);
  }
  return {
    quick: values.quick,
    seeds: Array.from({ length: Number(count) }, (_, i) => i + 1),
    json: values.json,
  };
}

/** Accuracies of settings, one for each seed, at several numbers of labels. */
export class Trials {
  /** @type {Map<number, Map<string, number[]>>} */
  #found = new Map();

  /**
   * @param {number} labels
   * @param {string} setting
   * @param {number} accuracy
   */
  add(labels, setting, accuracy) {
    const row = this.#found.get(labels) ?? new Map();
    this.#found.set(labels, row);
    row.set(setting, [...(row.get(setting) ?? []), accuracy]);
  }

  /** For each setting: mean, standard deviation, and gain over the first, in points of accuracy. */
  results() {
    return [...this.#found].flatMap(([labels, row]) => {
      const [[, base]] = [...row];
      return [...row].map(([setting, accuracies]) => {
        const gains = accuracies.map((accuracy, i) => 100 * (accuracy - base[i]));
        const { mean, spread } = moments(accuracies.map((accuracy) => 100 * accuracy));
        const better = gains.filter((gain) => gain > 0).length;
        return { labels, setting, mean, spread, gain: moments(gains), better, accuracies };
      });
    });
  }

  /** The table as text. */
  table() {
    const head = ["labels", "setting", "accuracy", "gain over the first", "better in"];
    const rows = this.results().map(
      ({ labels, setting, mean, spread, gain, better, accuracies }) => {
        const isFirst = [...(this.#found.get(labels)?.keys() ?? [])][0] === setting;
        return [
          isFirst ? String(labels) : "",
          setting,
          `${mean.toFixed(2)} ± ${spread.toFixed(2)} %`,
          isFirst
            ? ""
            : `${gain.mean >= 0 ? "+" : ""}${gain.mean.toFixed(2)} ± ${gain.spread.toFixed(2)}`,
          isFirst ? "" : `${better} of ${accuracies.length}`,
        ];
      },
    );
    const all = [head, ...rows];
    const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
    return all
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i]))
          .join("  ")
          .trimEnd(),
      )
      .join("\n");
  }
}

/** Mean and sample standard deviation. */
export function moments(/** @type {readonly number[]} */ values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
