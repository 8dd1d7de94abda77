// The table of a model's layers, their output shapes and numbers of parameters.
import type { LayerState, LayerWeight } from "../layers/layer.js";
import { type Dim, visibleText } from "../shape.js";
import type { LayerGraph } from "./layer-graph.js";
import { countNumbers, thousands } from "./weights.js";

/** The model in one line. */
export function headline(name: string, graph: LayerGraph): string {
  const shapes = (dims: readonly { readonly dims: readonly Dim[] }[]) =>
    dims.map((each) => visibleText(each.dims)).join(" and ");
  const inputs = shapes(graph.inputs.map(({ tensor }) => tensor));
  const count = thousands(countNumbers(graph.weights));
  return `model "${name}": ${inputs} -> ${shapes(graph.outputs)}, ${count} parameters`;
}

/** The table as text. */
export function summarize(name: string, graph: LayerGraph): string {
  const seen = new Set<unknown>();
  const rows = graph.calls.map(({ layer, dims }) => {
    const { weights } = layer.state as LayerState;
    // A layer used twice has its weights once.
    const count = seen.has(layer) ? 0 : countNumbers(weights);
    seen.add(layer);
    return [`${graph.nameOf(layer)} (${layer.kind})`, visibleText(dims), thousands(count)];
  });
  const trained: LayerWeight[] = [];
  const fixed: LayerWeight[] = [];
  for (const weight of graph.weights) {
    const { layer, spec } = weight;
    (layer.trainable && spec.trainable !== false ? trained : fixed).push(weight);
  }
  const total = (label: string, weights: readonly LayerWeight[]) => {
    const count = countNumbers(weights);
    return `${label}: ${thousands(count)} (${size(4 * count)})`;
  };
  return [
    `Model: "${name}"`,
    ...table(["Layer (type)", "Output shape", "Parameters"], rows),
    total("Parameters", [...trained, ...fixed]),
    total("Trainable", trained),
    total("Not trainable", fixed),
  ].join("\n");
}

function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  const power = Math.min(3, bytes > 0 ? Math.floor(Math.log(bytes) / Math.log(1024)) : 0);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 2)} ${units[power]}`;
}

/** A box; the last column, of numbers, is aligned to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const cells = (row: readonly string[]) => {
    const padded = widths.map((width, i) => {
      const text = row[i] ?? "";
      return i === widths.length - 1 ? text.padStart(width) : text.padEnd(width);
    });
    return `│ ${padded.join(" │ ")} │`;
  };
  return [
    line("┌", "┬", "┐"),
    cells(head),
    line("├", "┼", "┤"),
    ...rows.map(cells),
    line("└", "┴", "┘"),
  ];
}
