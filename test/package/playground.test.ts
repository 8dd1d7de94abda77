// The playground as people use it: trained, drawn on with a pointer and with keys, on wide and narrow
// screens, under its own strict policy.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { servePlayground } from "../../examples/playground/serve.mjs";
import { executablePath, launch, type Site } from "./support/browser.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  if (!executablePath) return;
  browser = await launch();
  site = await servePlayground(0);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

type PageOptions = Parameters<Browser["newPage"]>[0];

/** Opens the page; `said` are errors and warnings of the console. */
async function open(options: PageOptions = {}): Promise<{ page: Page; said: string[] }> {
  const page = await browser.newPage(options);
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(site.url);
  await page.waitForFunction(() => !document.querySelector("#train")?.hasAttribute("disabled"));
  return { page, said };
}

async function trained(page: Page, epochs = 2): Promise<string> {
  await page.getByLabel("Images").selectOption("20000");
  await page.getByLabel("Epochs").fill(`${epochs}`);
  await page.getByRole("button", { name: "Train" }).click();
  await page.getByText(/Trained in/).waitFor({ timeout: 120_000 });
  return page.locator("#status").innerText();
}

const verdictOf = async (page: Page) => (await page.locator("#verdict").innerText()).trim();

/** Draws lines through points of the paper, in hundredths of its side. */
async function draw(page: Page, strokes: readonly (readonly (readonly [number, number])[])[]) {
  const paper = page.locator("#paper");
  await paper.scrollIntoViewIfNeeded();
  const { x, y, width } = (await paper.boundingBox()) as { x: number; y: number; width: number };
  for (const [first, ...rest] of strokes) {
    const at = ([right, down]: readonly [number, number]) =>
      [x + (right * width) / 100, y + (down * width) / 100] as const;
    await page.mouse.move(...at(first as [number, number]));
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...at(point), { steps: 4 });
    await page.mouse.up();
  }
}

const one = [
  [
    [52, 18],
    [50, 50],
    [48, 82],
  ],
] as const;
const zero = [
  Array.from({ length: 25 }, (_, i) => {
    const turn = (i / 24) * 2 * Math.PI;
    return [50 + 20 * Math.sin(turn), 50 - 31 * Math.cos(turn)] as const;
  }),
];

describe.runIf(executablePath)("The playground", { timeout: 240_000 }, () => {
  it("trains, reads what is drawn, and says how sure it is", async () => {
    const { page, said } = await open({ viewport: { width: 1280, height: 900 } });
    expect(await verdictOf(page)).toBe("Train first, then draw.");
    const status = await trained(page, 3);
    const [, percent = "0"] = /^(\d+)/.exec(status) ?? [];
    expect(Number(percent)).toBeGreaterThan(90);
    // The plot has grown, and has a dot for each epoch.
    expect(await page.locator("#loss circle").count()).toBe(3);
    const curve = await page.locator("#accuracy .curve").getAttribute("points");
    expect(curve?.split(" ").length).toBeGreaterThan(5);
    expect(await page.locator("#accuracy").getAttribute("aria-label")).toMatch(
      /accuracy in training \d.* %.* on test images/,
    );

    await draw(page, one);
    await expect.poll(() => verdictOf(page)).toMatch(/^It reads a 1, .*±/);
    await page.getByRole("button", { name: "Clear" }).click();
    await expect.poll(() => verdictOf(page)).toBe("Draw a digit.");
    await draw(page, zero);
    await expect.poll(() => verdictOf(page)).toMatch(/^It reads a 0, .*±/);
    const known = Number.parseFloat(await page.locator("#entropy").innerText());

    // What is no digit leaves it less sure.
    await draw(page, [
      [
        [10, 10],
        [90, 90],
      ],
      [
        [90, 10],
        [10, 90],
      ],
      [
        [10, 50],
        [90, 50],
      ],
    ]);
    await expect
      .poll(async () => Number.parseFloat(await page.locator("#entropy").innerText()))
      .toBeGreaterThan(known);
    const shares = await page.locator("#digits td:last-child").allInnerTexts();
    const sum = shares.reduce((total, text) => total + Number.parseFloat(text), 0);
    expect(sum).toBeGreaterThan(97);
    expect(sum).toBeLessThan(103);

    // An image of MNIST comes out as what it is, but for few.
    let right = 0;
    for (let i = 0; i < 5; i++) {
      await page.getByRole("button", { name: "A test image" }).click();
      const [, label] = /a (\d)\./.exec(await page.locator("#pen").innerText()) ?? [];
      await page.waitForTimeout(300);
      if ((await verdictOf(page)).startsWith(`It reads a ${label}`)) right++;
    }
    expect(right).toBeGreaterThanOrEqual(3);
    expect(said).toEqual([]);
    await page.close();
  });

  it("is usable with keys alone", async () => {
    const { page, said } = await open();
    await page.getByLabel("Images").focus();
    await page.keyboard.press("Home");
    await page.getByLabel("Epochs").focus();
    await page.keyboard.type("3");
    // Enter in a field sends the form.
    await page.getByLabel("Epochs").fill("4");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("stop");
    await page.getByText(/Trained in/).waitFor({ timeout: 120_000 });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("train");

    // From the button on by Tab alone: the paper comes next that can be reached.
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("paper");
    await page.keyboard.press("Space");
    for (let i = 0; i < 16; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    expect(await page.locator("#pen").innerText()).toBe("The pen is up.");
    await expect.poll(() => verdictOf(page)).toMatch(/^It reads a 1/);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Delete");
    await expect.poll(() => verdictOf(page)).toBe("Draw a digit.");
    expect(said).toEqual([]);
    await page.close();
  });

  it.each([
    [320, "light"],
    [375, "dark"],
  ] as const)("fits a screen %i wide, %s", async (width, colorScheme) => {
    const viewport = { width, height: 640 };
    const { page, said } = await open({ viewport, colorScheme, hasTouch: true });
    await trained(page, 1);
    await draw(page, one);
    await expect.poll(() => verdictOf(page)).toMatch(/^It reads a \d/);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBe(width);
    // All that can be pressed is large enough for fingers, and has a name.
    for (const control of await page.locator("button, select, input").all()) {
      expect((await control.boundingBox())?.height).toBeGreaterThanOrEqual(24);
      const name = await control.evaluate((element) => {
        const { labels, textContent } = element as HTMLInputElement;
        return (labels?.[0] ?? { textContent }).textContent?.trim();
      });
      expect(name).toMatch(/\w/);
    }
    expect(said).toEqual([]);
    await page.close();
  });

  it("stops when asked, and answers while it trains", async () => {
    const { page, said } = await open();
    await draw(page, zero);
    await page.getByLabel("Epochs").fill("100");
    await page.getByRole("button", { name: "Train" }).click();
    // It is asked again and again while training goes on.
    await expect.poll(() => verdictOf(page), { timeout: 60_000 }).toMatch(/^It reads a \d/);
    expect(await page.getByRole("button", { name: "Stop" }).isEnabled()).toBe(true);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped; the network stays as it is.").waitFor();
    await expect.poll(() => verdictOf(page)).toMatch(/±/);
    expect(said).toEqual([]);
    await page.close();
  });

  it("has contrast enough in both schemes", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open({ colorScheme });
      const worst = await page.evaluate(() => {
        const canvas = document
          .createElement("canvas")
          .getContext("2d") as CanvasRenderingContext2D;
        const lightness = (color: string) => {
          canvas.fillStyle = color;
          const parts = [1, 3, 5].map(
            (i) => Number.parseInt(String(canvas.fillStyle).slice(i, i + 2), 16) / 255,
          );
          const [r = 0, g = 0, b = 0] = parts.map((value) =>
            value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
          );
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const style = getComputedStyle(document.documentElement);
        const of = (name: string) => lightness(style.getPropertyValue(`--${name}`).trim());
        const contrast = (a: string, b: string) => {
          const [low = 0, high = 0] = [of(a), of(b)].sort((x, y) => x - y);
          return (high + 0.05) / (low + 0.05);
        };
        const texts = [
          ...["text", "quiet", "accent", "second"].flatMap((ink) => [
            [ink, "page"],
            [ink, "card"],
          ]),
          ["on-accent", "accent"],
          ["ink", "paper"],
        ] as [string, string][];
        return {
          text: Math.min(...texts.map(([a, b]) => contrast(a, b))),
          line: contrast("line", "card"),
        };
      });
      expect(worst.text).toBeGreaterThanOrEqual(4.5);
      expect(worst.line).toBeGreaterThanOrEqual(3);
      await page.close();
    }
  });
});
