// Every option has a docstring, and an optional one says what happens without it: an editor shows
// both where the option is written. TypeDoc finds missing docstrings, but does not read them.
import { lineAt, read, repositoryFiles } from "./repository-files.mjs";

/** @typedef {import("../check.mjs").Check} Check */

/** Words that say what holds where an option is left out. */
const saysDefault = /\bdefaults?\b|\bsee\b|\{@link/i;

/** @type {Check} */
export const optionsDocumented = {
  name: "options",
  async find() {
    // Loaded late: this file is read before the npm packages are there.
    const { default: ts } = await import("typescript");
    const paths = (await repositoryFiles()).filter((path) =>
      /^ts\/.*(?<!\.test|\.d)\.ts$/.test(path),
    );
    const indexes = paths.filter((path) => /(^|\/)index\.ts$/.test(path));
    const exported = new Set(indexes.flatMap((path) => read(path).match(/\w+/g) ?? []));
    return paths.flatMap((path) => {
      const text = read(path);
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
      /** @type {string[]} */
      const found = [];
      for (const node of file.statements) {
        if (!ts.isInterfaceDeclaration(node) || !/Options$/.test(node.name.text)) continue;
        if (!exported.has(node.name.text)) continue;
        for (const member of node.members) {
          if (!ts.isPropertySignature(member)) continue;
          const docs = ts
            .getJSDocCommentsAndTags(member)
            .map((doc) => doc.getText(file))
            .join("\n");
          if (docs.includes("@internal")) continue;
          const where = `${path}:${lineAt(text, member.getStart(file))}: ${node.name.text}.${member.name.getText(file)}`;
          if (docs === "") found.push(`${where} has no docstring`);
          else if (member.questionToken && !saysDefault.test(docs)) {
            found.push(`${where} does not say its default`);
          }
        }
      }
      return found;
    });
  },
};
