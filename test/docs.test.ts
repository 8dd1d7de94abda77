// The code of the README and of the pages in docs/ runs as printed: all JavaScript of a page, one
// block after the other, is one program of a user of the package.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Blocks of JavaScript; those of other libraries are marked "js no-run". */
function blocksOf(page: string): string[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code as string);
}

async function outputOf(code: string): Promise<string> {
  // Inside the package, so that "gradus" is found as a user would write it.
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build", "page-"));
  try {
    const file = join(folder, "page.mjs");
    writeFileSync(file, code);
    return (await promisify(execFile)(process.execPath, [file], { cwd: folder })).stdout;
  } catch (error) {
    throw new Error((error as { stderr?: string }).stderr ?? String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the README", () => {
  it("has a first example that trains and predicts", async () => {
    const [code = ""] = blocksOf("README.md");
    expect(code.trim().split("\n").length).toBeLessThanOrEqual(25);
    const stdout = await outputOf(code);
    expect(Number(/accuracy ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0.95);
    expect(stdout).toMatch(/\[\s*\[\s*0?\.\d+|\[\s*\[\s*[\d.e-]+/);
  });
});

/** What a page's program must print, besides ending well. */
const expected: Readonly<Record<string, RegExp>> = {
  "getting-started.md": /accuracy on unseen pairs (1|0\.9\d*)[\s\S]*build[\s\S]*true dense/,
  "from-keras.md": /^(1|0\.9\d*) \[ 3, 3 \][\s\S]*dense_3/,
  "from-tensorflow-js.md": /50 0\.0\d*[\s\S]*0\.[23]\d*/,
  "inputs.md":
    /normalised (1|0\.9\d*)\nraw 0\.\d+\nfloat32 tensor \[4\][\s\S]*back (\d+) \2\n\[ \[ -1, 1 \] \]\n4/,
  "your-own.md":
    /gatedDense\/kernel gatedDense\/gate gatedDense\/bias 27[\s\S]*\(call\): expected a result of shape[\s\S]*within a tenth (1|0\.[89]\d*)\nwarning softmaxOfOne/,
  "learning-rates.md":
    /┊ suggestion (\S+)[\s\S]*suggested \1\s[\s\S]*oneCycle schedule[\s\S]*accuracy (1|0\.9\d*)[\s\S]*warmUp schedule[\s\S]*restarts goes on at[\s\S]*epochs goes on at 0\.0\d+\nown goes on at 0\.0\d+\nplateau: from 0\.02 to 0\.0/,
  "healthy-gradients.md":
    /^sigmoid, normal\(1\): vanishingGradients, accuracy 0\.5\d*\n[\s\S]*Verdict:\n {2}vanishing gradients in dense to [\s\S]*\nselu, lecunNormal: healthy, accuracy (1|0\.9)\d*[\s\S]*\nsigmoid, batch normalisation: healthy, accuracy (1|0\.9)[\s\S]*\ntanh, layer normalisation: healthy, accuracy (1|0\.9)[\s\S]*no clipping [3-9]\.\d[\s\S]*globalClipNorm 1 0\.\d/,
  "presets.md":
    /^defaultDnn: 2 - 50 - 50 - output\n[\s\S]*rows held out (1|0\.9\d*)\ndeep, one cycle (1|0\.9\d*)\n12 selu layers (1|0\.9\d*)\n.*expected no dropout[\s\S]*dense "dense_1" \(initializer\): its kernel starts from heNormal/,
  "uncertainty.md":
    /probabilities[\s\S]*mutual information[\s\S]*\[ 'left', 'right', 'do not know' \][\s\S]*inside and far outside[\s\S]*\[ 200, 3, 1 \]/,
  "runtimes.md": /^gradus-(relaxed|strict)\.wasm \1 \d+ \w/,
};

describe("the pages of docs/", () => {
  const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));

  it.each(pages)("%s runs", async (page) => {
    const output = await outputOf(blocksOf(join("docs", page)).join("\n"));
    expect(output).toMatch(expected[page] ?? /./);
  });
});
