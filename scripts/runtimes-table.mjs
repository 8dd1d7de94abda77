// Prints the table of docs/runtimes.md from what the tests of the package ran last:
// npm run runtimes [-- --write]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot, inTools } from "./toolchain/paths.mjs";
import { Failure, main } from "./toolchain/run.mjs";

/** @typedef {{ runtime: string, version: string, how: string, build: string }} Row */

const page = inRoot("docs", "runtimes.md");
const [begin, end] = ["<!-- runtimes: begin -->", "<!-- runtimes: end -->"];

/** @param {Row[]} rows */
function table(rows) {
  const lines = [...grouped(rows)].map(([name, cases]) => {
    const ways = cases.map(
      ({ how, build }) => `${how} (${build.replace(/^gradus-|\.wasm$/g, "")})`,
    );
    return `| ${name} | ${ways.join("; ")} |`;
  });
  return ["| runtime | trained and predicted (build) |", "|---|---|", ...lines].join("\n");
}

/**
 * By runtime and version; of several runs of one case only the last counts.
 * @param {Row[]} rows
 */
function grouped(rows) {
  const cases = new Map(
    rows.map((row) => [`${row.runtime} ${row.version.split(".")[0]} ${row.how}`, row]),
  );
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of cases.values()) {
    const name = `${row.runtime} ${row.version}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

await main(async () => {
  const path = inTools("runtimes.jsonl");
  if (!existsSync(path)) throw new Failure("No run to tell of: npx vitest run --project package");
  /** @type {Row[]} */
  const rows = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const text = table(rows);
  process.stdout.write(`${text}\n`);
  if (!process.argv.includes("--write")) return;
  const whole = readFileSync(page, "utf8");
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  if (from < 0 || to < from) throw new Failure(`${page}: no ${begin} before ${end}`);
  writeFileSync(page, `${whole.slice(0, from + begin.length)}\n${text}\n${whole.slice(to)}`);
});
