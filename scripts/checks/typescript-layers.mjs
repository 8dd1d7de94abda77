// What the parts of ts/ may know of each other, and that no modules import in a circle.
import { dirname, join } from "node:path/posix";
import { lineAt, read, repositoryFiles } from "./repository-files.mjs";

/** @typedef {import("../check.mjs").Check} Check */
/** @typedef {typeof import("typescript")} TypeScript */
/** @typedef {{ from: string, to: string, line: number, typeOnly: boolean }} Import */

/** @type {{ from: RegExp, to: RegExp, typesAllowed?: boolean, reason: string }[]} */
const forbidden = [
  { from: /^ts\/layers[./]/, to: /^ts\/models[./]/, reason: "layers must not know models" },
  { from: /^ts\/layers[./]/, to: /^ts\/callbacks[./]/, reason: "layers must not know callbacks" },
  {
    from: /^ts\/callbacks[./]/,
    to: /^ts\/models[./]/,
    typesAllowed: true,
    reason: "callbacks may know only the types of models",
  },
  {
    from: /^ts\/plot\//,
    to: /^ts\/(?!plot\/|(?:errors|inspect)[./])/,
    reason: "plots must not know what they show",
  },
  { from: /^ts\/(?!tuning\/|index)/, to: /^ts\/tuning\//, reason: "tuning uses, and is not used" },
  {
    from: /^ts\/(?!presets\/|index)/,
    to: /^ts\/presets\//,
    reason: "presets use, and are not used",
  },
  {
    from: /^ts\/diagnose[./]/,
    to: /^ts\/(?:models|layers|graph|ops|runtime)[./]/,
    reason: "a diagnosis may know only callbacks and plain numbers",
  },
  {
    from: /^(?!ts\/runtime\/bindings(\.infer)?\.ts$)/,
    to: /^build\/.*\.js$/,
    reason: "only ts/runtime/bindings.ts and its like may import the generated glue",
  },
  {
    from: /^ts\/infer\//,
    to: /^ts\/(?!(?:infer|data|errors|runtime)[/.]|models\/(?:activity|input-data|parts|prediction|program|run-options)\.|io\/(?:model-file|safetensors)\.|shape\.)/,
    typesAllowed: true,
    reason: "what only predicts must not bring in what trains",
  },
];

/**
 * @param {TypeScript} ts
 * @param {import("typescript").Node} node
 * @returns {{ specifier: string, typeOnly: boolean } | undefined}
 */
function importOf(ts, node) {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const clause = node.importClause;
    const named = clause?.namedBindings;
    const onlyTypeNames =
      clause !== undefined &&
      clause.name === undefined &&
      named !== undefined &&
      ts.isNamedImports(named) &&
      named.elements.every((element) => element.isTypeOnly);
    const typeOnly = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || onlyTypeNames;
    return { specifier: node.moduleSpecifier.text, typeOnly };
  }
  if (
    ts.isExportDeclaration(node) &&
    node.moduleSpecifier &&
    ts.isStringLiteral(node.moduleSpecifier)
  ) {
    const names = node.exportClause;
    const onlyTypeNames =
      names !== undefined &&
      ts.isNamedExports(names) &&
      names.elements.every((element) => element.isTypeOnly);
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly || onlyTypeNames };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { literal } = node.argument;
    if (ts.isStringLiteral(literal)) return { specifier: literal.text, typeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument && ts.isStringLiteralLike(argument)) {
      return { specifier: argument.text, typeOnly: false };
    }
  }
  return undefined;
}

/**
 * The relative imports of one module; those of packages are not a matter of layers.
 * @param {TypeScript} ts
 * @param {string} path
 * @returns {Import[]}
 */
function importsOf(ts, path) {
  const text = read(path);
  /** @type {Import[]} */
  const imports = [];
  /** @param {import("typescript").Node} node */
  const visit = (node) => {
    const found = importOf(ts, node);
    if (found?.specifier.startsWith(".")) {
      const to = join(dirname(path), found.specifier).replace(/^(ts\/.*)\.js$/, "$1.ts");
      const line = lineAt(text, node.getStart(file));
      imports.push({ from: path, to, line, typeOnly: found.typeOnly });
    }
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  visit(file);
  return imports;
}

/**
 * One line per circle of imports that exist at run time.
 * @param {Import[]} imports
 */
function circles(imports) {
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
  }
  /** @type {string[]} */
  const found = [];
  const done = new Set();
  /** @param {string[]} trail modules from the start of the walk to the current one */
  const walk = (trail) => {
    const current = trail[trail.length - 1] ?? "";
    for (const next of graph.get(current) ?? []) {
      const start = trail.indexOf(next);
      if (start >= 0) found.push(`circle: ${[...trail.slice(start), next].join(" -> ")}`);
      else if (!done.has(next)) walk([...trail, next]);
    }
    done.add(current);
  };
  for (const start of graph.keys()) if (!done.has(start)) walk([start]);
  return found;
}

/** @type {Check} */
export const typescriptLayers = {
  name: "layers of ts/",
  async find() {
    // Loaded late: this file is read before the npm packages are there.
    const { default: ts } = await import("typescript");
    const paths = (await repositoryFiles()).filter(
      (path) => /^ts\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
    );
    const imports = paths.flatMap((path) => importsOf(ts, path));
    const wrong = imports.flatMap(({ from, to, line, typeOnly }) =>
      forbidden
        .filter((rule) => rule.from.test(from) && rule.to.test(to))
        .filter((rule) => !(rule.typesAllowed && typeOnly))
        .map((rule) => `${from}:${line}: imports ${to}, but ${rule.reason}`),
    );
    return [...wrong, ...circles(imports)];
  },
};
