// A page that stays alive while it trains: what the main thread of Chromium does meanwhile. Tasks are
// measured by the time they keep the processor, from the browser's own trace: on a machine that does
// other things, too, the clock on the wall says little.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servePlayground } from "../../examples/playground/serve.mjs";
import { executablePath, launch, type Site } from "./support/browser.js";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  /** Microseconds on the processor. */
  readonly tdur?: number;
}

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  if (!executablePath) return;
  browser = await launch();
  site = await servePlayground(0);
  page = await browser.newPage();
  await page.goto(site.url);
  // The playground has brought MNIST then.
  await page.waitForFunction(() => !document.querySelector("#train")?.hasAttribute("disabled"));
  // As text: vitest would make another import of it.
  await page.evaluate(`(async () => {
    const { loadMnist } = await import("${site.url}mnist.mjs");
    const mnist = await loadMnist();
    const images = new Float32Array(mnist.train.images.length);
    for (let i = 0; i < images.length; i++) images[i] = mnist.train.images[i] / 255;
    Object.assign(globalThis, { mnist, images, gradus: await import("${site.url}gradus/index.js") });
  })()`);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

interface Found {
  readonly sha256: string;
  /** Long tasks as the browser tells pages of them, in milliseconds. */
  readonly longTasks: readonly number[];
  /** How often timers got a turn, and frames were shown. */
  readonly timers: number;
  readonly frames: number;
  readonly progress: number;
  readonly milliseconds: number;
}

/** Trains on MNIST's 60,000 images as 47 million floats, and validates. */
async function train(what: { worker: boolean; alsoPredict: boolean }): Promise<Found> {
  return page.evaluate(async ({ worker, alsoPredict }) => {
    // biome-ignore lint/suspicious/noExplicitAny: what runs in the page has no types
    const { gradus, mnist, images } = globalThis as any;
    const turn = () => new Promise((resolve) => setTimeout(resolve, 100));
    await turn();
    const longTasks: number[] = [];
    const observer = new PerformanceObserver((list) => {
      longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
    });
    observer.observe({ type: "longtask" });
    const counts = { timers: 0, frames: 0, progress: 0 };
    let isOn = true;
    const tick = () => {
      counts.timers++;
      if (isOn) setTimeout(tick, 0);
    };
    const frame = () => {
      counts.frames++;
      if (isOn) requestAnimationFrame(frame);
    };
    tick();
    frame();
    const { dense, sequential } = gradus;
    const model = sequential({
      inputShape: [784],
      seed: 1,
      layers: [
        dense({ units: 300, activation: "relu" }),
        dense({ units: 100, activation: "relu" }),
        dense({ units: 10, activation: "softmax" }),
      ],
    });
    const loss = "sparseCategoricalCrossentropy";
    model.compile({ optimizer: "adamW", loss, metrics: ["accuracy"] });
    await turn();
    performance.mark("begin");
    const start = performance.now();
    await model.fit(images, mnist.train.labels, {
      batchSize: 64,
      worker,
      validationSplit: 1 / 6,
      callbacks: [{ needs: "logs", onTrainBatchEnd: () => counts.progress++ }],
    });
    const milliseconds = performance.now() - start;
    if (alsoPredict) {
      await model.predict(images);
      await model.evaluate(images, mnist.train.labels);
    }
    performance.mark("end");
    isOn = false;
    await turn();
    observer.disconnect();
    const weights = Object.values(model.getWeights()) as { data: Float32Array }[];
    const bytes = await new Blob(weights.map(({ data }) => data as BlobPart)).arrayBuffer();
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    model.dispose();
    return { sha256, longTasks, milliseconds, ...counts };
  }, what);
}

/** The same, and the longest task of the main thread meanwhile, in milliseconds of the processor. */
async function watched(what: Parameters<typeof train>[0]): Promise<Found & { longest: number }> {
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  const found = await train(what);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString("utf8")) as {
    traceEvents: TraceEvent[];
  };
  const mark = (name: string) =>
    traceEvents.filter((event) => event.name === name).at(-1) as TraceEvent;
  const [begin, end] = [mark("begin"), mark("end")];
  const isTask = ({ name, ph, pid, tid }: TraceEvent) =>
    name.endsWith("RunTask") && ph === "X" && pid === begin.pid && tid === begin.tid;
  const tasks = traceEvents.filter(
    (event) => isTask(event) && event.ts + event.dur > begin.ts && event.ts < end.ts,
  );
  // Without tasks nothing would have been measured.
  expect(tasks.length).toBeGreaterThan(100);
  return { ...found, longest: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000 };
}

/** The best of a few attempts: other work on the machine makes tasks longer, and nothing shorter. */
async function least(limit: number, what: Parameters<typeof train>[0]) {
  let best = await watched(what);
  for (let attempt = 1; attempt < 3 && best.longest > limit; attempt++) {
    const next = await watched(what);
    if (next.longest < best.longest) best = next;
  }
  return best;
}

describe.runIf(executablePath)("A page that trains on MNIST", () => {
  let plain: Found;

  it("has no task above 50 ms, and timers and frames in between", {
    timeout: 300_000,
  }, async () => {
    const found = await least(50, { worker: false, alsoPredict: true });
    plain = found;
    console.info(`plain: ${JSON.stringify(found)}`);
    expect(found.longest).toBeLessThanOrEqual(50);
    expect(found.timers).toBeGreaterThan(20);
    expect(found.frames).toBeGreaterThan(20);
  });

  it("has none above 16 ms with fit in a worker, and the same bits", {
    timeout: 300_000,
  }, async () => {
    const found = await least(16, { worker: true, alsoPredict: false });
    console.info(`worker: ${JSON.stringify(found)}`);
    expect(found.longest).toBeLessThanOrEqual(16);
    expect(found.progress).toBe(Math.ceil(50_000 / 64));
    expect(found.timers).toBeGreaterThan(20);
    expect(found.sha256).toBe(plain.sha256);
  });

  it("stops at once when it is told to, and goes on from there", async () => {
    const found = await page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: what runs in the page has no types
      const { gradus, mnist } = globalThis as any;
      const { activation, dense, ops, sequential } = gradus;
      const model = sequential({
        inputShape: [784],
        seed: 1,
        layers: [
          activation({ activation: (x: unknown) => ops.multiply(x, 1 / 255) }),
          dense({ units: 64, activation: "relu" }),
          dense({ units: 10, activation: "softmax" }),
        ],
      });
      model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
      const control = new AbortController();
      let batches = 0;
      const reason = await model
        .fit(mnist.train.images, mnist.train.labels, {
          epochs: 1000,
          worker: true,
          signal: control.signal,
          callbacks: [
            {
              needs: "logs",
              onTrainBatchEnd: () => {
                batches++;
                if (batches === 50) control.abort("enough");
              },
            },
          ],
        })
        .catch((error: unknown) => error);
      const { iterations } = model;
      const { loss } = await model.evaluate(mnist.test.images, mnist.test.labels);
      await model.fit(mnist.train.images, mnist.train.labels, { worker: true });
      const after = await model.evaluate(mnist.test.images, mnist.test.labels);
      return { reason, batches, iterations, loss, after: after.loss };
    });
    expect(found.reason).toBe("enough");
    expect(found.iterations).toBe(found.batches);
    // Of an epoch's 1,875.
    expect(found.iterations).toBeLessThan(1000);
    expect(found.loss).toBeLessThan(2.2);
    expect(found.after).toBeLessThan(found.loss / 2);
  });
});
