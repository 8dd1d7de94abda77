// The comparison as Markdown.
import { differs, rule } from "./grades.mjs";
import { factors } from "./training.mjs";

const cells = (row) => `| ${row.join(" | ")} |`;

const table = (head, rows) => [cells(head), cells(head.map(() => "---")), ...rows.map(cells)];

const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const withError = (value, error) => `${digits(value)} ± ${error.toPrecision(2)}`;

/** The differences of one optimizer from the textbook, in words. */
function differencesOf({ name, speed, quality, textbook }) {
  if (!textbook) return [];
  return [
    ["speed", speed, textbook.speed],
    ["quality", quality, textbook.quality],
  ].flatMap(([what, measured, expected]) =>
    differs(measured, expected)
      ? [`${name}: ${what} ${measured}, in the textbook ${expected.replace("-", " or ")}`]
      : [],
  );
}

/** Whether the best rate has none beyond it among those that were tried. */
const isAtEnd = ({ learningRate, tuning: { tried } }) =>
  [tried[0], tried[tried.length - 1]].some((each) => each.learningRate === learningRate);

function section(set) {
  const { title, epochs, batchSize, seeds, errorName, errorScale, target, optimizers } = set;
  const rows = optimizers.map((each) => [
    each.name,
    `${each.learningRate}${each.tuning.isSuggested ? "" : "*"}${isAtEnd(each) ? "†" : ""}`,
    each.epochs === null
      ? `missed (${each.reached} of ${seeds} reach it)`
      : withError(each.epochs, each.epochsError),
    withError(each.error * errorScale, each.errorError * errorScale),
    each.speed,
    each.quality,
    each.textbook ? each.textbook.speed : "-",
    each.textbook ? each.textbook.quality.replace("-", " or ") : "-",
  ]);
  const differences = optimizers.flatMap(differencesOf);
  return [
    `## ${title}`,
    "",
    `${epochs} epochs, batches of ${batchSize}, ${seeds} seeds, constant learning rate; target: a ` +
      `validation loss of ${target.toPrecision(3)}. ± is the standard error of the mean.`,
    "",
    ...table(
      [
        "optimizer",
        "rate",
        "epochs to target",
        errorName,
        "speed",
        "quality",
        "textbook: speed",
        "textbook: quality",
      ],
      rows,
    ),
    "",
    differences.length === 0
      ? "No grade differs from the textbook's."
      : "Other than in the textbook:",
    "",
    ...differences.map((line) => `- ${line}`),
    "",
  ];
}

/** @param {any} results what run.mjs keeps as JSON */
export function report({ machine, settings, sets }) {
  const shares = factors.map((factor) => (factor < 1 ? `1/${Math.round(1 / factor)}` : factor));
  return [
    "# Optimizers compared",
    "",
    "Each optimizer has its default options and a rate of its own: the one with the lowest validation " +
      `loss among ${shares.join(", ")} times what \`findLearningRate\` suggests, tuned with other ` +
      "seeds than those below. * means that the finder saw no fall of the loss; then those times the " +
      "optimizer's default rate. † is at an end of what was tried: a rate beyond might do better.",
    "",
    ...Object.values(rule).map((line) => `- ${line}`),
    "- Textbook: A. Géron, Hands-On Machine Learning (3rd edition), chapter 11; one star is C, three are A.",
    "",
    ...sets.flatMap(section),
    `${settings.quick ? "A quick run, too short to judge by. " : ""}${machine}, ${settings.minutes} minutes.`,
  ].join("\n");
}
