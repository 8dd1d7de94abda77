// What must not be committed because it is true on one machine only: addresses of
// package registries and mirrors, and absolute paths.
import { root } from "../toolchain/paths.mjs";
import { lineAt, read, repositoryFiles } from "./repository-files.mjs";

/** @typedef {import("../check.mjs").Check} Check */

/** @type {{ what: string, pattern: RegExp }[]} */
const forbidden = [
  {
    what: "the address of a package registry",
    pattern:
      /:\/\/[^\s/"'<>]*\b(?:registry|npm\.pkg|artifactory|nexus|mirrors?|pythonhosted|(?:index|static)\.crates|deb\.debian)\b|pypi[\w.-]*\/simple\b/g,
  },
  {
    what: "an absolute path of one machine",
    pattern: /(?<![\w.:~$}\])*-])\/(?:home|root|Users|work)\/[\w.]/g,
  },
];

/** This file says what is forbidden. */
const exempt = "scripts/checks/forbidden-text.mjs";

/** @type {Check} */
export const forbiddenText = {
  name: "forbidden text",
  async find() {
    const paths = (await repositoryFiles()).filter((path) => path !== exempt);
    return paths.flatMap((path) => {
      const text = read(path);
      if (text.includes("\0")) return [];
      const found = forbidden.flatMap(({ what, pattern }) =>
        [...text.matchAll(pattern)].map(({ index }) => `${path}:${lineAt(text, index)}: ${what}`),
      );
      const here = text.indexOf(`${root}/`);
      // A checkout right below "/" has too common a name to search for.
      if (here >= 0 && root.split("/").length > 2) {
        found.push(`${path}:${lineAt(text, here)}: the path of this checkout`);
      }
      return [...new Set(found)];
    });
  },
};
