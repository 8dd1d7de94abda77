// A browser, and sites for it: folders served with the headers a test asks for.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { inject } from "vitest";
import type { Results } from "./consumer.js";

/** The path of the browser; empty where there is none. */
export const executablePath = inject("chromium");

/** How long a page may take, in ms, with the installation and the bundler before it. */
export const patience = 300_000;

/** Starts it. */
export function launch(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"];
  return chromium.launch({ executablePath, args });
}

/** Opens a page and waits for what its program leaves. */
export async function open(browser: Browser, url: string): Promise<Results> {
  // A context of its own: service workers and caches of one page must not reach another.
  const context = await browser.newContext();
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(url);
    await page.waitForFunction(() => "result" in globalThis, null, { timeout: 120_000 });
    return (await page.evaluate(() => (globalThis as { result?: unknown }).result)) as Results;
  } catch (error) {
    throw new Error(`${error}\n${said.join("\n")}`);
  } finally {
    await context.close();
  }
}

/** How a site answers. */
export interface SiteOptions {
  /** Headers of every answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Types by extension that differ from the usual ones. */
  readonly types?: Readonly<Record<string, string>>;
  /** What is answered for files that do not exist; a 404 where there is nothing. */
  readonly fallback?: string;
  /** Its type. Default: that of a page. */
  readonly fallbackType?: string;
  /** Paths that are not there. */
  readonly missing?: RegExp;
}

const usualTypes: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** A site that serves a folder on this machine. */
export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder. */
export async function serve(folder: string, options: SiteOptions = {}): Promise<Site> {
  const { headers = {}, types = {}, fallback, fallbackType = "text/html", missing } = options;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const path = join(folder, normalize(pathname));
    const there = existsSync(path) && statSync(path).isFile() && !missing?.test(pathname);
    const extension = pathname.split(".").at(-1) ?? "";
    const type = there ? { ...usualTypes, ...types }[extension] : fallbackType;
    response.writeHead(there || fallback !== undefined ? 200 : 404, {
      ...headers,
      ...(type ? { "content-type": type } : {}),
    });
    if (there) createReadStream(path).pipe(response);
    else response.end(fallback ?? "not here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
