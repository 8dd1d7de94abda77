// The code of the README and of the pages in docs/ runs as printed: all JavaScript of a page, one
// block after the other, is one program of a user of the package. No page is left out, here or in
// the site that is made of them.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What stands behind the ``` of a page's blocks, with the text in each. */
function fencesOf(page: string): { readonly tag: string; readonly code: string }[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, tag = "", code = ""]) => ({
    tag,
    code,
  }));
}

/** Blocks of JavaScript; those of other libraries are marked "js no-run". */
function blocksOf(page: string): string[] {
  return fencesOf(page).flatMap(({ tag, code }) => (tag === "js" ? [code] : []));
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

const pages = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));

describe("the README", () => {
  const [code = "", ...others] = blocksOf("README.md");

  it.runIf(others.length > 0)("has other blocks that run as one program", async () => {
    await outputOf(others.join("\n"));
  });

  it("has a first example that trains and predicts", async () => {
    expect(code.trim().split("\n").length).toBeLessThanOrEqual(25);
    const stdout = await outputOf(code);
    expect(Number(/accuracy ([\d.]+)/.exec(stdout)?.[1])).toBeGreaterThan(0.95);
    expect(stdout).toMatch(/\[\s*\[\s*0?\.\d+|\[\s*\[\s*[\d.e-]+/);
  });
});

/** Of lines in this order, with others between them. */
const inOrder = (...lines: readonly RegExp[]) =>
  new RegExp(lines.map(({ source }) => `^${source}$`).join("[\\s\\S]*?"), "m");

/** What a page's program must print, besides ending well. */
const expected: Readonly<Record<string, RegExp>> = {
  "getting-started.md":
    /accuracy on unseen pairs (1|0\.9\d*)[\s\S]*in a worker 0 0\.\d+\nin a worker 1 0\.\d+\nstopped: enough[\s\S]*build[\s\S]*true dense/,
  "from-keras.md":
    /^(1|0\.9\d*) \[ 3, 3 \][\s\S]*dense_3[\s\S]*epochs \[ 0, 1 \] normalization\/mean normalization\/variance \S*scale\/factor [\s\S]*5, 8 \]\n$/,
  "from-tensorflow-js.md": /50 0\.0\d*[\s\S]*0\.[23]\d*/,
  "inputs.md":
    /normalised (1|0\.9\d*)\nraw 0\.\d+\nfloat32 tensor \[4\][\s\S]*back (\d+) \2\n\[ \[ -1, 1 \] \]\n4/,
  "your-own.md":
    /gatedDense\/kernel gatedDense\/gate gatedDense\/bias 27[\s\S]*\(call\): expected a result of shape[\s\S]*within a tenth (1|0\.[89]\d*)\nwarning softmaxOfOne/,
  "shipping.md": /^\d{4} bytes[\s\S]*\[ null, 2 \] \[ null, 1 \][\s\S]*inner, outer: [\s\S]*true/,
  "learning-rates.md":
    /┊ suggestion (\S+)[\s\S]*suggested \1\s[\s\S]*oneCycle schedule[\s\S]*accuracy (1|0\.9\d*)[\s\S]*warmUp schedule[\s\S]*restarts goes on at[\s\S]*epochs goes on at 0\.0\d+\nown goes on at 0\.0\d+\nplateau: from 0\.02 to 0\.0/,
  "healthy-gradients.md":
    /^sigmoid, normal\(1\): vanishingGradients, accuracy 0\.5\d*\n[\s\S]*Verdict:\n {2}vanishing gradients in dense to [\s\S]*\nselu, lecunNormal: healthy, accuracy (1|0\.9)\d*[\s\S]*\nsigmoid, batch normalisation: healthy, accuracy (1|0\.9)[\s\S]*\ntanh, layer normalisation: healthy, accuracy (1|0\.9)[\s\S]*no clipping [3-9]\.\d[\s\S]*globalClipNorm 1 0\.\d/,
  "presets.md":
    /^defaultDnn: 2 - 50 - 50 - output\n[\s\S]*rows held out (1|0\.9\d*)\ndeep, one cycle (1|0\.9\d*)\n12 selu layers (1|0\.9\d*)\n.*expected no dropout[\s\S]*dense "dense_1" \(initializer\): its kernel starts from heNormal/,
  "uncertainty.md":
    /probabilities[\s\S]*mutual information[\s\S]*\[ 'left', 'right', 'do not know' \][\s\S]*inside and far outside[\s\S]*\[ 200, 3, 1 \]/,
  "tour.md": inOrder(
    /two layers of 32: (1\.00|0\.9\d)/,
    /randomNormal \de-(9|1\d)\nglorotUniform 0\.000\d\nheNormal (0\.[4-9]|[12])/,
    /relu 0\.00 0\.00 1\.00\nleakyRelu -0\.30 -0\.10 1\.00\nelu -1\.90 -1\.26 1\.00\nswish -0\.14 -0\.27 0\.73/,
    /6 layers of sigmoid: 0\.[3-6]\d\nwith batch normalisation: (1\.00|0\.[89]\d)/,
    /clipping \{\} median error (NaN|\d\d+\.\d+)\nclipping .* median error 0\.[0-3]\d/,
    /vanishing gradients in dense, dense_1.*: gradients shrink to \d\.\de-\d .*/,
    /24 layers, plain: 0\.[3-6]\d\n24 layers, residual: (1\.00|0\.9\d)/,
    /30 rows, from scratch: 0\.[4-8]\d\n30 rows, transferred: (1\.00|0\.9\d)\nafter gradual unfreezing: (1\.00|0\.9\d)/,
    /loss of restored rows, first and last: 0\.[23]\d+ 0\.0[01]\d\n60 labels: (1\.00|0\.9\d)/,
    /ring accuracy (1\.00|0\.9\d) radius loss 0\.0\d\d\n30 rows, head replaced: (1\.00|0\.9\d)/,
    /suggested rate 0\.0[1-9]\d?/,
    /sgd (1\.00|0\.[89]\d),(.* (1\.00|0\.[89]\d),){12} muon (1\.00|0\.9\d)/,
    /oneCycle schedule[\s\S]*\nconstant unseen (0\.[1-9]\d|[1-9].*)\ncycle unseen 0\.(0\d|1[0-3])\ncosine unseen 0\.(0\d|1[0-3])/,
    /none norm 1\d\.\d near 0 0\.0\d\nl1 norm [2-4]\.\d near 0 0\.[7-9]\d\nl2 norm [2-4]\.\d near 0 0\.[12]\d/,
    /dropout 0 loss 0\.[0-2]\d unseen (0\.9|[1-9]\.\d)\d*\ndropout 0\.4 loss 0\.[3-5]\d unseen 0\.[5-8]\d/,
    /entropy on the inner ring 0\.[0-3]\d between two rings 0\.[4-9]\d/,
    /longest weights of a unit (1\.000|0\.9\d\d)/,
    /stopped after [2-9]\d epochs; best \d\d\nloss then (?<best>0\.\d+) loss now \k<best>/,
    /raw: 0\.[3-6]\d\nnormalised: (1\.00|0\.9\d)/,
    /defaultDnn (1\.00|0\.9\d)\nselfNormalizingDnn (1\.00|0\.9\d)/,
    /predicted \[ 300, 3 \]/,
    /two inputs (1\.00|0\.9\d)/,
    /own layer and loss (1\.00|0\.9\d)/,
    /from a generator (1\.00|0\.9\d) \[ 'loss', 'accuracy' \]/,
    /3 epochs of epoch,accuracy,loss and 57 batches/,
    /\S+ threads \d+\nthe same bits true/,
  ),
  "runtimes.md": /^gradus-(relaxed|strict)\.wasm \1 \d+ \w/,
};

describe("the pages of docs/", () => {
  it.each(pages)("%s runs and prints what is expected of it", async (page) => {
    const output = await outputOf(blocksOf(join("docs", page)).join("\n"));
    expect(expected).toHaveProperty([page]);
    expect(output).toMatch(expected[page] as RegExp);
  });

  it("are all in the site, and nothing else is", () => {
    const { projectDocuments } = JSON.parse(readFileSync(join(root, "typedoc.json"), "utf8"));
    expect([...projectDocuments].sort()).toEqual(pages.map((page) => `docs/${page}`).sort());
  });

  it.each(["README.md", ...pages.map((page) => `docs/${page}`)])("%s hides no code", (page) => {
    const fences = fencesOf(page);
    const other = ["", "js", "js no-run", "sh", "html", "py"];
    expect(fences.filter(({ tag }) => !other.includes(tag))).toEqual([]);
    const passedOver = fences.filter(({ tag, code }) => tag !== "js" && /from "gradus/.test(code));
    expect(passedOver.filter(({ tag }) => tag !== "html")).toEqual([]);
  });
});
