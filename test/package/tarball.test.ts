// What the tarball holds, and whether tools find fault with it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { inRoot } from "../../scripts/toolchain/paths.mjs";
import { capture, run } from "../../scripts/toolchain/run.mjs";
import { dependency } from "./support/consumer.js";
import { packedFiles } from "./support/packed-files.js";

const tarball = inject("tarball");
const folder = inject("installed");
const dist = join(folder, "node_modules", "gradus", "dist");

describe("the tarball", () => {
  it("holds what the package needs and nothing else", async () => {
    const files = (await run("tar", ["-tf", tarball])).trim().split("\n");
    const names = files.map((path) => path.replace(/^package\//, "")).sort();
    expect(names).toEqual(packedFiles);
  });

  it("has declarations with the docs, for editors", () => {
    const text = readFileSync(join(dist, "index.d.ts"), "utf8");
    expect(text).toMatch(
      /\/\*\*\n \* A model that is a chain of layers\.[\s\S]*?function sequential[<(]/,
    );
    const documented = text.match(/\/\*\*/g) ?? [];
    expect(documented.length).toBeGreaterThan(500);
  });

  it("has no fault that publint finds", async () => {
    const { code, output } = await capture(dependency(".bin", "publint"), [tarball, "--strict"]);
    expect(output).toContain("All good!");
    expect(code).toBe(0);
  });

  it("has types that resolve in every way of resolving", async () => {
    // CommonJS programs take it by import(); files that are no modules have no types.
    const args = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color"];
    const builds = ["", "infer-", "threads-"].flatMap((kind) => [
      `${kind}strict`,
      `${kind}relaxed`,
    ]);
    args.push("--exclude-entrypoints", ...builds.map((build) => `./gradus-${build}.wasm`));
    const { code, output } = await capture(dependency(".bin", "attw"), args);
    expect(output).toContain("gradus/inline");
    expect(output).toContain("gradus/infer");
    expect(code, output).toBe(0);
  });
});

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly (string | null)[];
}

describe("source maps", () => {
  it.each([
    ...[["index", 100] as const, ["inline", 100] as const, ["edge", 100] as const],
    ...[["infer", 20] as const, ["infer-edge", 20] as const],
  ])("of %s.js hold the TypeScript it was made of", (form, fewest) => {
    expect(readFileSync(join(dist, `${form}.js`), "utf8")).toContain(
      `\n//# sourceMappingURL=${form}.js.map`,
    );
    const map = JSON.parse(readFileSync(join(dist, `${form}.js.map`), "utf8")) as SourceMap;
    const own = map.sources.filter((source) => source.startsWith("../ts/"));
    expect(own.length).toBeGreaterThan(fewest);
    for (const source of own) {
      const text = readFileSync(inRoot(source.slice("../".length)), "utf8");
      expect(map.sourcesContent[map.sources.indexOf(source)], source).toBe(text);
    }
  });

  it("lead from a stack trace to the line of TypeScript", async () => {
    const code =
      'import { dense } from "gradus"; try { dense({ unit: 1 }) } catch (e) { console.log(e.stack) }';
    const args = ["--enable-source-maps", "--input-type=module", "--eval", code];
    const stack = await run(process.execPath, args, { cwd: folder });
    const [, line] = /\bts\/layers\/dense\.ts:(\d+):\d+/.exec(stack) ?? [];
    const text = readFileSync(inRoot("ts/layers/dense.ts"), "utf8").split("\n");
    expect(text[Number(line) - 1], stack).toContain("checkLayerOptions(");
  });
});
