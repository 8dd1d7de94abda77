// The packed package in each JavaScript runtime outside of browsers.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, inject, it } from "vitest";
import { dependency, type Results, results } from "./support/consumer.js";
import { expectResults } from "./support/expected.js";

const folder = inject("installed");
const sha256 = inject("sha256");

const node = (major: number) => dependency(`node-${major}`, "bin", "node");
const deno = ["run", "--allow-read", "--node-modules-dir=manual"];

/** Name, command, arguments before the program, and the build that `init()` chooses. */
const runtimes: readonly [string, string, readonly string[], string][] = [
  [`Node ${process.versions.node}, the one that tests`, process.execPath, [], ""],
  ["Node 22", node(22), [], "relaxed"],
  ["Node 24", node(24), [], "relaxed"],
  ["Node 26", node(26), [], "relaxed"],
  ["Deno", dependency(".bin", "deno"), deno, "relaxed"],
  // By its own path: the one in .bin is put right only by an install script.
  ["Bun", dependency("@oven", "bun-linux-x64", "bin", "bun"), ["run"], ""],
];

describe.each(runtimes)("%s", (_, command, before, chosen) => {
  it("trains to the same bits with the strict build", async () => {
    const found = await results(command, [...before, "consumer.mjs", '{"simd":"strict"}'], folder);
    expect(found.runtime.build).toBe("gradus-strict.wasm");
    expectResults(found, sha256);
  });

  it("trains with the build it chooses", async () => {
    const found = await results(command, [...before, "consumer.mjs"], folder);
    if (chosen) expect(found.runtime.simd).toBe(chosen);
    expectResults(found, sha256);
  });

  it("trains with gradus/inline", async () => {
    const found = await results(command, [...before, "consumer-inline.mjs"], folder);
    expectResults(found, sha256);
  });
});

describe.each([22, 24, 26])("Node %i", (major) => {
  it("takes it from CommonJS by import()", async () => {
    expectResults(await results(node(major), ["consumer.cjs"], folder), sha256);
  });
});

describe("workerd", () => {
  it("trains and predicts in an edge worker", async () => {
    const dist = join(folder, "dist");
    await build({
      entryPoints: [join(folder, "worker.mjs")],
      outfile: join(dist, "worker.js"),
      bundle: true,
      format: "esm",
      conditions: ["workerd"],
      external: ["*.wasm"],
      logLevel: "silent",
    });
    const wasm = "gradus-strict.wasm";
    copyFileSync(join(folder, "node_modules", "gradus", "dist", wasm), join(dist, wasm));
    const port = await freePort();
    writeFileSync(join(dist, "workerd.capnp"), workerConfiguration(wasm, port));
    // The program itself: the one in .bin would leave it running.
    const workerd = dependency("@cloudflare", "workerd-linux-64", "bin", "workerd");
    const server = spawn(workerd, ["serve", "workerd.capnp"], { cwd: dist });
    try {
      const found = await answerOf(server, `http://127.0.0.1:${port}/`);
      expect(found.runtime.simd).toBe("strict");
      expectResults(found, sha256, /expected a platform with workers.*Leave worker: true out/);
    } finally {
      server.kill();
    }
  });
});

function workerConfiguration(wasm: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "worker.js"),
    (name = "${wasm}", wasm = embed "${wasm}"),
  ],
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
async function answerOf(server: ChildProcess, url: string): Promise<Results> {
  let output = "";
  server.stderr?.on("data", (text: Buffer) => {
    output += text;
  });
  for (let attempt = 0; attempt < 100 && server.exitCode === null; attempt++) {
    try {
      const response = await fetch(url);
      if (response.ok) return (await response.json()) as Results;
      throw new Error(`status ${response.status}: ${await response.text()}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw new Error(`${error}\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`workerd does not answer\n${output}`);
}
