// What notebooks show of models, histories, plots and sweeps, and where the lines of callbacks go in
// terminals, logs of automatic builds, browsers and notebooks.
import { afterEach, describe, expect, it, vi } from "vitest";
import { defaultStream } from "../ts/callbacks/terminal.js";
import {
  add,
  dense,
  findLearningRate,
  GradusError,
  input,
  model,
  oneCycle,
  plotHistory,
  plotSchedule,
  progressBar,
  sequential,
} from "../ts/index.js";

const show = (value: object) =>
  (value as Record<symbol, () => Record<string, string>>)[Symbol.for("Jupyter.display")]?.() ?? {};

const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i)]);
const y = x.map(([a = 0, b = 0]) => [a * b]);

const network = () =>
  sequential({
    inputShape: [2],
    seed: 1,
    layers: [dense({ units: 3 }), dense({ units: 1 })],
  }).compile({
    optimizer: "adam",
    loss: "mse",
    metrics: ["mae"],
  });

/** Well formed as far as tags go: each is closed in its order. */
function expectClosedTags(text: string): void {
  const open: string[] = [];
  for (const [, close, name, empty] of text.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (name === "br" || empty) continue;
    if (close) expect(open.pop()).toBe(name);
    else open.push(name as string);
  }
  expect(open).toEqual([]);
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("in a notebook", () => {
  it("a model is a table", () => {
    const bundle = show(network());
    expect(bundle["text/plain"]).toContain("│ dense (dense)");
    const html = bundle["text/html"] as string;
    expectClosedTags(html);
    expect(html.match(/<tr>/g)).toHaveLength(3);
    expect(html).toContain('<td style="text-align:left">dense_1 (dense)</td>');
    expect(html).toContain("Parameters: 13 (52 B)");
  });

  it("names cannot bring tags along", () => {
    const odd = sequential({ inputShape: [2], layers: [dense({ units: 1 })], name: "<b>&" });
    expect(show(odd)["text/html"]).toContain('Model: "&#60;b&#62;&#38;"');
  });

  it("a history is a plot, with training and validation beside each other", async () => {
    const history = await network().fit(x, y, { epochs: 3, validationData: [x, y] });
    const bundle = show(history);
    expect(bundle["text/plain"]).toContain("history of 3 epochs");
    const svg = bundle["image/svg+xml"] as string;
    expectClosedTags(svg);
    expect(svg).toBe(plotHistory(history).toSVG());
    // Two panels, loss and mae, with two lines each.
    expect(svg.match(/stroke-width="2"/g)).toHaveLength(4);
    expect(svg.match(/>validation</g)).toHaveLength(2);
    expect(svg).toContain(">loss<");
    expect(svg).toContain(">mae<");
    expect(svg).not.toContain(">valLoss<");
    expect(show(await network().fit(x, y))["image/svg+xml"]).toContain(">loss<");
  });

  it("schedules and sweeps are plots", async () => {
    const plot = plotSchedule(oneCycle({ maxLearningRate: 0.1, totalSteps: 10 }), { steps: 10 });
    expect(show(plot)).toEqual({ "text/plain": String(plot), "image/svg+xml": plot.toSVG() });
    const sweep = await findLearningRate(network(), x, y, { steps: 20 });
    expect(show(sweep)).toEqual({ "text/plain": String(sweep), "image/svg+xml": sweep.toSVG() });
  });
});

describe("plotHistory", () => {
  it("leaves gaps where a metric was not reported", () => {
    const history = { epoch: [4, 5, 6], history: { loss: [3, 2, 1], valLoss: [2] } };
    const svg = plotHistory(history).toSVG();
    expect(svg).not.toContain("NaN");
    expect(String(plotHistory(history))).toContain("loss");
  });

  it.each([[{ epoch: [], history: {} }], [undefined], [{}]])("refuses %o", (history) => {
    expect(() => plotHistory(history as never)).toThrow(GradusError);
    expect(() => plotHistory(history as never)).toThrow(/^plotHistory: expected a history with/);
  });
});

it("summary tells what is connected to what, where that is no chain", () => {
  const a = input({ shape: [2], name: "a" });
  const hidden = dense({ units: 2, name: "hidden" })(a);
  const residual = model({ inputs: a, outputs: add({ name: "sum" })([a, hidden]) });
  const lines = residual.summary({ print: () => {} }).split("\n");
  expect(lines.slice(1, 8)).toEqual([
    "┌────────────────┬──────────────┬──────────────┬────────────┐",
    "│ Layer (type)   │ Output shape │ Connected to │ Parameters │",
    "├────────────────┼──────────────┼──────────────┼────────────┤",
    "│ a (input)      │ [null, 2]    │              │          0 │",
    "│ hidden (dense) │ [null, 2]    │ a            │          6 │",
    "│ sum (add)      │ [null, 2]    │ a, hidden    │          0 │",
    "└────────────────┴──────────────┴──────────────┴────────────┘",
  ]);
  expect(network().summary({ print: () => {} })).not.toContain("Connected to");
});

describe("lines of callbacks go", () => {
  const stream = (isTTY: boolean) => ({ isTTY, columns: 80, write: vi.fn() });
  /** The bar looks at the platform when it is made; what tests needs the real one. */
  const linesOf = async (platform: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(platform)) vi.stubGlobal(name, value);
    const bar = progressBar({ interval: 0 });
    vi.unstubAllGlobals();
    await network().fit(x, y, { epochs: 2, callbacks: [bar] });
  };

  it("over each other in a terminal", async () => {
    const stderr = stream(true);
    await linesOf({ process: { stderr, env: { TERM: "xterm" } } });
    const text = stderr.write.mock.calls.join("");
    expect(text).toContain("\r");
    expect(text.match(/\n/g)).toHaveLength(2);
  });

  it.each([
    ["a log file", stream(false), { TERM: "xterm" }],
    ["a build with a terminal of its own", stream(true), { TERM: "xterm", CI: "true" }],
    ["a dumb terminal", stream(true), { TERM: "dumb" }],
  ])("below each other, without control characters, in %s", async (_, stderr, env) => {
    await linesOf({ process: { stderr, env } });
    const text = stderr.write.mock.calls.join("");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
    expect(text).toMatch(/^Epoch 1\/2 .*\nEpoch 2\/2 .*\n$/);
  });

  it.each([
    ["a browser", undefined, undefined],
    ["a notebook on Deno's kernel", { stderr: stream(false), env: {} }, { jupyter: {} }],
  ])("to the console in %s, one for each epoch", async (_, process, Deno) => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    await linesOf({ process, Deno });
    expect(info.mock.calls).toEqual([
      [expect.stringMatching(/^Epoch 1\/2 {2}loss [^\n\r]*$/)],
      [expect.stringMatching(/^Epoch 2\/2 {2}loss [^\n\r]*$/)],
    ]);
    expect(process?.stderr.write ?? vi.fn()).not.toHaveBeenCalled();
  });

  it("to stderr in Deno outside of notebooks, where asking may throw", () => {
    const stderr = stream(false);
    vi.stubGlobal("process", { stderr, env: {} });
    vi.stubGlobal("Deno", {
      get jupyter() {
        throw new Error("only available in `deno jupyter`");
      },
    });
    const found = defaultStream();
    vi.unstubAllGlobals();
    expect(found).toBe(stderr);
  });
});
