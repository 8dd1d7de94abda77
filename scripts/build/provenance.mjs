// What a published package says about its making, so that anybody can make it again and compare:
// the commit, the tools, and the sums of the files.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "../toolchain/paths.mjs";
import { ask } from "../toolchain/run.mjs";

/** The file in dist/ that says it. */
export const provenanceFile = "build.json";

/** @param {string} file */
const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** @param {string} path */
const json = (path) => JSON.parse(readFileSync(inRoot(path), "utf8"));

/** The commit the files in this checkout are, and whether they are exactly that. */
function sourceState() {
  const commit = ask("git", ["rev-parse", "HEAD"]) ?? null;
  const changes = ask("git", ["status", "--porcelain"]);
  return { commit, clean: commit !== null && changes === "" };
}

/**
 * Writes it, when everything else is in dist/.
 * @param {Record<string, string>} tools the compiler and the like, with versions
 */
export function writeProvenance(tools) {
  const { name, version, devDependencies } = json("package.json");
  const npmTools = Object.fromEntries(
    ["binaryen", "rolldown", "rollup", "typescript"].map((tool) => [tool, devDependencies[tool]]),
  );
  const files = readdirSync(inRoot("dist"))
    .filter((file) => file !== provenanceFile)
    .sort();
  const sums = Object.fromEntries(files.map((file) => [file, sha256(inRoot("dist", file))]));
  const text = {
    ...{ name, version, ...sourceState() },
    tools: { ...tools, ...npmTools },
    sha256: sums,
  };
  writeFileSync(inRoot("dist", provenanceFile), `${JSON.stringify(text, null, 2)}\n`);
}
