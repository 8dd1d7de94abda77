// What bundlers make of a program of a folder: pages below dist/ that load one script.
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuildItself from "esbuild";
import { rollup as rollupItself } from "rollup";
import { createServer, build as viteBuild } from "vite";
import webpackItself from "webpack";
import type { Site } from "./browser.js";
import { bare, type Page } from "./pages.js";

const script = "page.js";

/** A page below dist/ for the script that a bundler puts there. */
function page(folder: string): Page {
  return bare(join(folder, "dist"), script);
}

/** What esbuild and Rollup leave to others: files that a script asks for by address. */
function copyFiles(folder: string): void {
  for (const file of ["gradus-relaxed.wasm", "gradus-strict.wasm", "worker.js"]) {
    copyFileSync(join(folder, "node_modules/gradus/dist", file), join(folder, "dist", file));
  }
}

/** esbuild. */
export async function esbuild(folder: string, entry: string): Promise<Page> {
  await esbuildItself.build({
    entryPoints: [join(folder, entry)],
    outfile: join(folder, "dist", script),
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "silent",
  });
  return page(folder);
}

/** esbuild, and what else it takes copied beside the script. */
export function esbuildWithFiles(folder: string, entry: string): Promise<Page> {
  copyFiles(folder);
  return esbuild(folder, entry);
}

/** Rollup with the plugin that finds packages. */
export async function rollup(folder: string, entry: string): Promise<Page> {
  const bundle = await rollupItself({
    input: join(folder, entry),
    plugins: [nodeResolve({ browser: true })],
  });
  await bundle.write({ file: join(folder, "dist", script), format: "es" });
  await bundle.close();
  return page(folder);
}

/** Rollup, and what else it takes copied beside the script. */
export function rollupWithFiles(folder: string, entry: string): Promise<Page> {
  copyFiles(folder);
  return rollup(folder, entry);
}

/** Vite's build, which copies the engine. */
export async function vite(folder: string, entry: string): Promise<Page> {
  bare(folder, entry);
  await viteBuild({
    root: folder,
    configFile: false,
    logLevel: "silent",
    worker: { format: "es" },
  });
  return { root: join(folder, "dist"), page: "index.html" };
}

/** Vite's development server; `exclude` names packages that it leaves as they are. */
export async function viteServer(folder: string, entry: string, exclude: string[]): Promise<Site> {
  bare(folder, entry);
  const server = await createServer({
    root: folder,
    configFile: false,
    logLevel: "silent",
    optimizeDeps: { exclude },
    server: { port: 0, host: "127.0.0.1" },
  });
  await server.listen();
  const address = server.httpServer?.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}

/** webpack, which copies the engine. */
export async function webpack(folder: string, entry: string): Promise<Page> {
  const configuration = {
    mode: "production" as const,
    context: folder,
    entry: `./${entry}`,
    output: { path: join(folder, "dist"), filename: script },
    performance: { hints: false as const },
  };
  await new Promise<void>((resolve, reject) => {
    webpackItself(configuration, (error, stats) => {
      if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString()));
      else resolve();
    });
  });
  return page(folder);
}
