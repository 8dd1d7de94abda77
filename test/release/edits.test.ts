// What a release changes in the files of the project.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const edits = new URL("../../scripts/release/edits.mjs", import.meta.url);
const { nextVersion, releasedChangelog, releasedManifests } = await import(edits.href);

describe("the next version", () => {
  it.each([
    ["patch", "1.4.10"],
    ["minor", "1.5.0"],
    ["major", "2.0.0"],
    ["1.4.11", "1.4.11"],
    ["10.0.0", "10.0.0"],
  ])("after 1.4.9: %s", (asked, expected) => {
    expect(nextVersion("1.4.9", asked)).toBe(expected);
  });

  it.each(["1.4.9", "1.4.8", "1.3.12", "0.9.9"])("is never %s", (asked) => {
    expect(() => nextVersion("1.4.9", asked)).toThrow(/does not come after 1\.4\.9/);
  });

  it.each(["", "next", "2.0", "v2.0.0"])('is not understood from "%s"', (asked) => {
    expect(() => nextVersion("1.4.9", asked)).toThrow(/is not patch, minor, major or a version/);
  });
});

describe("the changelog", () => {
  const older = "## 0.1.0 - 2026-01-01\n\n- Began.\n";

  it("gets a version, a day, and room for what comes", () => {
    const text = `# Changelog\n\n## Unreleased\n\n### Added\n\n- This.\n\n${older}`;
    expect(releasedChangelog(text, "0.2.0", "2026-02-03")).toBe(
      `# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-02-03\n\n### Added\n\n- This.\n\n${older}`,
    );
  });

  it("gets the first one, too", () => {
    expect(releasedChangelog("## Unreleased\n\n- This.\n", "0.1.0", "2026-02-03")).toBe(
      "## Unreleased\n\n## 0.1.0 - 2026-02-03\n\n- This.\n",
    );
  });

  it.each(["# Changelog\n", `## Unreleased\n\n${older}`])("must say something: %j", (text) => {
    expect(() => releasedChangelog(text, "0.2.0", "2026-02-03")).toThrow(/says nothing/);
  });
});

describe("the manifests of this project", () => {
  const paths = ["package.json", "package-lock.json", "Cargo.toml", "Cargo.lock"];
  const read = (path: string) =>
    readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");
  const files = Object.fromEntries(paths.map((path) => [path, read(path)]));
  const current = JSON.parse(read("package.json")).version as string;

  it("change in nothing but their version", () => {
    const edited = releasedManifests(files, current, "123.0.0");
    expect(Object.keys(edited)).toEqual(paths);
    expect(JSON.parse(edited["package.json"] ?? "")).toEqual({
      ...JSON.parse(read("package.json")),
      version: "123.0.0",
    });
    expect(JSON.parse(edited["package-lock.json"] ?? "").packages[""].version).toBe("123.0.0");
    for (const path of paths) {
      expect(edited[path]).toContain("123.0.0");
      expect(edited[path]?.replaceAll("123.0.0", current)).toBe(files[path]);
    }
  });

  it("must all say the same version", () => {
    expect(() => releasedManifests({ ...files, "Cargo.toml": "" }, current, "123.0.0")).toThrow(
      /Cargo\.toml does not say its version/,
    );
    expect(() => releasedManifests(files, "99.0.0", "123.0.0")).toThrow(/says .*, not 99\.0\.0/);
  });
});
