// The README's code runs as printed.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

it("the first example trains and predicts", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(25);
  // Inside the package, so that "gradus" is found as a user would write it.
  const folder = mkdtempSync(join(root, "build", "readme-"));
  try {
    const file = join(folder, "example.mjs");
    writeFileSync(file, code);
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(Number(/accuracy ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0.95);
    expect(stdout).toMatch(/\[\s*\[\s*0?\.\d+|\[\s*\[\s*[\d.e-]+/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
