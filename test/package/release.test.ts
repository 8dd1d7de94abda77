// What publishing would do: prepack builds from clean, in another folder of this machine, and gives
// the same bytes; npm accepts the package.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { inRoot } from "../../scripts/toolchain/paths.mjs";
import { ask, run } from "../../scripts/toolchain/run.mjs";
import { removeCheckout, secondCheckout } from "./support/checkout.js";
import { packedFiles } from "./support/packed-files.js";

interface Published {
  readonly id: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("publishing from a second checkout", () => {
  let checkout = "";
  let published: Published;
  beforeAll(async () => {
    checkout = await secondCheckout();
    // A dry run asks nobody; provenance is signed by the service that publishes.
    const options = ["--dry-run", "--json", "--offline", "--provenance=false", "--tag", "test"];
    const out = await run("npm", ["publish", ...options], { cwd: checkout });
    const said = JSON.parse(out.slice(out.search(/^\{/m))) as Published & { gradus?: Published };
    // From its version 11 on npm answers by the names of packages.
    published = said.gradus ?? said;
  }, 2_400_000);
  afterAll(() => removeCheckout(checkout));

  it("is accepted by npm, with the files of the package", () => {
    const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    expect(published.id).toBe(`gradus@${version}`);
    expect(published.files.map(({ path }) => path).sort()).toEqual(packedFiles);
    // Nobody downloads more than this.
    expect(published.size).toBeLessThan(3_000_000);
  });

  it("builds the same bytes as here, from clean", () => {
    const names = readdirSync(inRoot("dist")).sort();
    expect(readdirSync(join(checkout, "dist")).sort()).toEqual(names);
    const sums = (folder: string) =>
      Object.fromEntries(names.map((name) => [name, sha256(join(folder, "dist", name))]));
    expect(sums(checkout)).toEqual(sums(inRoot()));
    // It cannot have been copied: the second checkout began without either.
    expect(ask("git", ["-C", checkout, "check-ignore", "dist/", "build/"])).toBe("dist/\nbuild/");
  });
});

describe("dist/build.json in the package", () => {
  const folder = join(inject("installed"), "node_modules", "gradus", "dist");
  const text = readFileSync(join(folder, "build.json"), "utf8");
  const provenance = JSON.parse(text) as {
    commit: string;
    clean: boolean;
    tools: Record<string, string>;
    sha256: Record<string, string>;
  };

  it("names the commit and the tools that made it", () => {
    expect(provenance.commit).toBe(ask("git", ["rev-parse", "HEAD"]));
    expect(provenance.clean).toBe(ask("git", ["status", "--porcelain"]) === "");
    expect(provenance.tools.rustc).toMatch(/^rustc \d+\.\d+/);
    expect(provenance.tools["wasm-bindgen-cli"]).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it("has the sum of every file beside it", () => {
    const files = readdirSync(folder).filter((file) => file !== "build.json");
    const sums = files.map((file) => [file, sha256(join(folder, file))]);
    expect(Object.fromEntries(sums)).toEqual(provenance.sha256);
  });
});
