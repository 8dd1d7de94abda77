// Who imports a part of the package gets that part: measured in the bundles that esbuild and Rollup
// make of small programs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import { beforeAll, describe, expect, inject, it } from "vitest";

const folder = inject("installed");

/** The names that the package exports. */
async function exported(): Promise<readonly string[]> {
  const gradus = await import(join(folder, "node_modules/gradus/dist/index.js"));
  return Object.keys(gradus);
}

const bundlers: Record<string, (program: string) => Promise<string>> = {
  async esbuild(contents) {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    return outputFiles.map(({ text }) => text).join("");
  },
  async Rollup(contents) {
    const entry = {
      name: "entry",
      resolveId: (id: string) => (id === "entry" ? join(folder, "entry.mjs") : null),
      load: (id: string) => (id === join(folder, "entry.mjs") ? contents : null),
    };
    const bundle = await rollup({ input: "entry", plugins: [entry, nodeResolve()] });
    const { output } = await bundle.generate({ format: "es" });
    await bundle.close();
    const { code } = output[0];
    return (await esbuild.transform(code, { minify: true, format: "esm" })).code;
  },
};

const parts = `import { adam, dense } from "gradus"; console.log(adam(), dense({ units: 1 }));`;
const training = `
  import { adam, dense, sequential } from "gradus";
  const model = sequential({ inputShape: [2], layers: [dense({ units: 1 })] });
  model.compile({ optimizer: adam(), loss: "meanSquaredError" });
  await model.fit([[1, 2]], [1]);
`;

/** Names in quotes mark a part: every function gives its own to the checks of its options. */
const marks = (bundle: string, names: readonly string[]) =>
  names.filter((name) => bundle.includes(`"${name}"`) || bundle.includes(`\`${name}\``));

/** What dense must know by name: activations, initializers, regularizers, constraints. */
const byNameInDense =
  /[rR]elu|[sS]igmoid|[tT]anh|[sS]oftmax|lu$|mish|soft|hardShrink|linear|exponential|squareplus|sparse(Plus|max)|threshold|Normal$|Uniform$|zeros|ones|constant|orthogonal|identity|varianceScaling|^l[12]|nonNeg|Norm$/;

/** Names of parts that are also names of operations, options or an optimizer's slots. */
const alsoWords = new Set([
  ...["adam", "dense", "GradusError", "activation", "add", "input", "concatenate", "permute"],
  ...["reshape", "momentum", "nadam", "dropout", "ops"],
]);

/** Parts of their own: none may come along with a model that is trained. */
const apart = [
  // Not those of dropout and the like, which warnings and hints name, too.
  ...["groupNormalization", "layerNormalization", "prelu", "rmsNormalization"],
  ...["earlyStopping", "csvLogger", "progressBar", "reduceLearningRateOnPlateau", "diagnose"],
  ...["cosineDecay", "exponentialDecay", "oneCycle", "warmUp", "plotSchedule"],
  ...["findLearningRate", "pretrainAutoencoder", "gradualUnfreezing", "cloneModel", "freeze"],
  ...["mcPredict", "defaultDnn", "selfNormalizingDnn", "customLayer", "rescaling"],
];

describe.each(Object.keys(bundlers))("of %s", (name) => {
  const bundle = bundlers[name] as (program: string) => Promise<string>;
  let names: readonly string[] = [];
  let whole = "";
  beforeAll(async () => {
    names = await exported();
    whole = await bundle('export * from "gradus";');
  });

  it("a bundle of everything has the marks of everything", () => {
    // The others are no functions with options.
    expect(marks(whole, names).length).toBeGreaterThan(0.9 * names.length);
    expect(marks(whole, apart)).toEqual(apart);
  });

  it("a bundle of nothing is nothing", async () => {
    expect((await bundle('import "gradus";')).trim()).toBe("");
    const error = await bundle('import { GradusError } from "gradus"; console.log(GradusError);');
    expect(error.length).toBeLessThan(8_000);
  });

  it("one optimizer and one layer bring nothing else", async () => {
    const found = await bundle(parts);
    const foreign = marks(found, names).filter((mark) => !byNameInDense.test(mark));
    expect(foreign.filter((mark) => !alsoWords.has(mark))).toEqual([]);
    expect(gzip(found)).toBeLessThan(budgets.parts);
    report(name, "adam and dense", found, whole);
  });

  it("a model that is trained brings nothing that is apart", async () => {
    const found = await bundle(training);
    expect(marks(found, apart)).toEqual([]);
    expect(gzip(found)).toBeLessThan(budgets.training);
    expect(gzip(found) + engine, "with the engine").toBeLessThan(budgets.loaded);
    report(name, "a model that is trained", found, whole);
  });
});

/**
 * Bytes of gzip; what optimizers, losses and metrics by name cost is in the second, and the third is
 * all that somebody loads who trains a model.
 */
const budgets = { parts: 15_000, training: 55_000, loaded: 170_000 };

const gzip = (text: string | Uint8Array) => gzipSync(text, { level: 9 }).length;

const engine = gzip(readFileSync(join(folder, "node_modules/gradus/dist/gradus-relaxed.wasm")));

function report(name: string, what: string, found: string, whole: string): void {
  const [part, all] = [gzip(found), gzip(whole)];
  console.log(
    `${name}: ${what}: ${part} of ${all} bytes gzip (${Math.round((100 * part) / all)} %)`,
  );
}
