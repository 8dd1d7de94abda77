// The table of docs/runtimes.md is that of a run with the runtimes that are pinned now.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");

const table = /<!-- runtimes: begin -->\n([\s\S]*?)<!-- runtimes: end -->/.exec(
  read("docs/runtimes.md"),
)?.[1];

const { optionalDependencies: pinned } = JSON.parse(read("test/package/package.json")) as {
  optionalDependencies: Record<string, string>;
};

const rows = Object.entries(pinned).map(([name, version]) => {
  const number = version.replace(/^.*@/, "");
  if (name.startsWith("node-")) return `| Node ${number} |`;
  if (name === "workerd") {
    // 1.20261117.1 calls itself by the day.
    const day = number.replace(/^\d+\.(\d{4})(\d\d)(\d\d)\.\d+$/, "$1-$2-$3");
    return `| workerd ${day} |`;
  }
  return `| ${name.charAt(0).toUpperCase()}${name.slice(1)} ${number} |`;
});

it.each([...rows, "| Chromium ", "| TypeScript "])("the table has %s", (row) => {
  expect(table, "run npm run runtimes -- --write").toContain(`\n${row}`);
});
