// What a release changes in files, as functions over their texts. Nothing here touches the disk.
import { Failure } from "../toolchain/run.mjs";

/**
 * @param {string} current the version now
 * @param {string} asked "patch", "minor", "major" or a version
 */
export function nextVersion(current, asked) {
  const now = numbers(current);
  const [major = 0, minor = 0, patch = 0] = now;
  const steps = new Map([
    ["patch", `${major}.${minor}.${patch + 1}`],
    ["minor", `${major}.${minor + 1}.0`],
    ["major", `${major + 1}.0.0`],
  ]);
  const next = steps.get(asked) ?? asked;
  const then = numbers(next);
  const at = then.findIndex((number, i) => number !== now[i]);
  if (at < 0 || (then[at] ?? 0) < (now[at] ?? 0)) {
    throw new Failure(`release: ${next} does not come after ${current}`);
  }
  return next;
}

/** @param {string} version */
function numbers(version) {
  const found = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (!found) throw new Failure(`release: "${version}" is not patch, minor, major or a version`);
  return found.slice(1).map(Number);
}

/**
 * Gives the section of what is not released yet a version and a day, and begins a new one.
 * @param {string} text of CHANGELOG.md
 * @param {string} version
 * @param {string} day such as 2026-01-31
 */
export function releasedChangelog(text, version, day) {
  const [, before, content, after] =
    /^([\s\S]*?^## Unreleased\n)([\s\S]*?)((?=^## )[\s\S]*|$(?![\s\S]))/m.exec(text) ?? [];
  if (before === undefined || content === undefined || content.trim() === "") {
    throw new Failure("release: CHANGELOG.md says nothing under ## Unreleased");
  }
  return `${before}\n## ${version} - ${day}\n${content}${after ?? ""}`;
}

/**
 * Where each file says the version of this project, and nothing else's.
 * @type {Record<string, RegExp>}
 */
const places = {
  "package.json": /("version": ")([^"]+)(")/,
  "package-lock.json": /("name": "gradus",\s+"version": ")([^"]+)(")/g,
  "Cargo.toml": /(\[workspace\.package\]\nversion = ")([^"]+)(")/,
  "Cargo.lock": /(name = "gradus-\w+"\nversion = ")([^"]+)(")/g,
};

/**
 * @param {Record<string, string>} files texts by path
 * @param {string} current the version they must say
 * @param {string} version what they shall say
 * @returns {Record<string, string>} the new texts
 */
export function releasedManifests(files, current, version) {
  return Object.fromEntries(
    Object.entries(places).map(([path, place]) => {
      let found = 0;
      const text = (files[path] ?? "").replace(place, (_, before, said, after) => {
        if (said !== current) throw new Failure(`release: ${path} says ${said}, not ${current}`);
        found += 1;
        return `${before}${version}${after}`;
      });
      if (found === 0) throw new Failure(`release: ${path} does not say its version`);
      return [path, text];
    }),
  );
}
