// Role: the demo's flags: reads and checks them, and explains them.
import { parseArgs } from "node:util";

const usage = `Trains a network on MNIST's 60,000 handwritten digits and tests it on 10,000 others.

  npm run demo -- [flags]          builds gradus first
  node examples/mnist/train.mjs [flags]

  --epochs N      how often it sees all images (default 5)
  --seed N        fixes initial weights and shuffling (default 42)
  --validation    tells loss and accuracy on the test images after each epoch; learning and
                  weights stay the same
  --json          writes one line of JSON last on stdout, and everything else to stderr
  --help          shows this
`;

const flags = /** @type {const} */ ({
  epochs: { type: "string", default: "5" },
  seed: { type: "string", default: "42" },
  validation: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

function end(/** @type {string} */ message) {
  process.stderr.write(`${message}\nSee --help.\n`);
  process.exit(2);
}

function whole(
  /** @type {string} */ name,
  /** @type {string} */ text,
  /** @type {number} */ least,
) {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  const most = 0xffff_ffff;
  if (value >= least && value <= most) return value;
  return end(`--${name}: expected a whole number from ${least} to ${most}, received "${text}".`);
}

/** The flags of this run; ends the process for --help and for mistakes. */
export function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({ options: flags }));
  } catch (error) {
    const known = Object.keys(flags).map((name) => `--${name}`);
    return end(`${error instanceof Error ? error.message : error}\nFlags: ${known.join(", ")}.`);
  }
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  return {
    epochs: whole("epochs", values.epochs, 1),
    seed: whole("seed", values.seed, 0),
    validation: values.validation,
    json: values.json,
  };
}
