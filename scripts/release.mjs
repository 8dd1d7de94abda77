// Prepares a release: npm run release -- <patch | minor | major | x.y.z>
// Sets the version everywhere, dates the changelog, commits and tags. It publishes nothing: it says
// which command does.
import { readFileSync, writeFileSync } from "node:fs";
import { nextVersion, releasedChangelog, releasedManifests } from "./release/edits.mjs";
import { inRoot } from "./toolchain/paths.mjs";
import { ask, Failure, main, run, say } from "./toolchain/run.mjs";

const changelog = "CHANGELOG.md";
const manifests = ["package.json", "package-lock.json", "Cargo.toml", "Cargo.lock"];

/** @param {string} path */
const read = (path) => readFileSync(inRoot(path), "utf8");

await main(async () => {
  const asked = process.argv[2] ?? "";
  if (ask("git", ["status", "--porcelain"]) !== "") {
    throw new Failure("release: there are changes that are not committed");
  }
  const current = JSON.parse(read("package.json")).version;
  const version = nextVersion(current, asked);
  const today = new Date().toISOString().slice(0, 10);
  /** @type {Record<string, string>} */
  const files = Object.fromEntries(manifests.map((path) => [path, read(path)]));
  const edited = {
    ...releasedManifests(files, current, version),
    [changelog]: releasedChangelog(read(changelog), version, today),
  };
  for (const [path, text] of Object.entries(edited)) writeFileSync(inRoot(path), text);
  await run("git", ["add", changelog, ...manifests]);
  await run("git", ["commit", "--quiet", "--message", `Release ${version}`]);
  await run("git", ["tag", "--annotate", `v${version}`, "--message", `gradus ${version}`]);
  say(`release: ${version} is committed and tagged. Run npm test, push with tags, then`);
  say("  npm publish --provenance   # in continuous integration; it builds from clean");
});
