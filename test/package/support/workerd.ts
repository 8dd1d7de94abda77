// An edge worker: bundled with esbuild, served by workerd, asked once.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Results } from "./consumer.js";
import { workerd } from "./runtimes.js";

/** By which export condition the package is found; `import` finds what is for everybody. */
export type EdgeForm = "workerd" | "edge-light" | "import";

/** The engines of a program that trains. */
const engines = ["gradus-strict.wasm"];

/** Makes dist/worker.js of the program, and puts the engines it imports beside it. */
export async function bundleWorker(
  folder: string,
  condition: EdgeForm,
  program = "worker.mjs",
  files: readonly string[] = engines,
): Promise<void> {
  await build({
    entryPoints: [join(folder, program)],
    outfile: join(folder, "dist", "worker.js"),
    bundle: true,
    format: "esm",
    conditions: [condition],
    external: ["*.wasm?module"],
    logLevel: "silent",
  });
  const packed = join(folder, "node_modules", "gradus", "dist");
  for (const file of files) copyFileSync(join(packed, file), join(folder, "dist", file));
}

/** Starts the worker, asks it, stops it. */
export async function serveWorker<Answer = Results>(
  folder: string,
  files: readonly string[] = engines,
): Promise<Answer> {
  const dist = join(folder, "dist");
  const port = await freePort();
  writeFileSync(join(dist, "workerd.capnp"), configuration(files, port));
  const server = spawn(workerd, ["serve", "workerd.capnp"], { cwd: dist });
  try {
    return await answerOf<Answer>(server, `http://127.0.0.1:${port}/`);
  } finally {
    server.kill();
  }
}

function configuration(files: readonly string[], port: number): string {
  const modules = files.map((file) => `(name = "${file}?module", wasm = embed "${file}")`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js"), ${modules.join(", ")}],
  compatibilityDate = "2026-01-01",
);
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Asks until the server is up. */
async function answerOf<Answer>(server: ChildProcess, url: string): Promise<Answer> {
  let output = "";
  server.stderr?.on("data", (text: Buffer) => {
    output += text;
  });
  for (let attempt = 0; attempt < 200 && server.exitCode === null; attempt++) {
    try {
      const response = await fetch(url);
      if (response.ok) return (await response.json()) as Answer;
      throw new Error(`status ${response.status}: ${await response.text()}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw new Error(`${error}\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`workerd does not answer\n${output}`);
}
