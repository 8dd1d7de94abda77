// The table of a model's layers, their output shapes and numbers of parameters.
import { escapedHtml } from "../inspect.js";
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

/** A summary in parts. */
interface Summary {
  readonly title: string;
  readonly head: readonly string[];
  /** The last column is of numbers. */
  readonly rows: readonly (readonly string[])[];
  readonly totals: readonly string[];
}

function partsOf(name: string, graph: LayerGraph): Summary {
  const seen = new Set<unknown>();
  const first = graph.inputs.length;
  // A chain needs not be told what is connected to what.
  const isChain = graph.calls.every(({ inputs: [only, ...more] }, i) => {
    return more.length === 0 && only === first - 1 + i;
  });
  const nameOfValue = (value: number) => {
    const call = graph.calls[value - first];
    return call ? graph.nameOf(call.layer) : (graph.inputs[value]?.name ?? "");
  };
  const sources = (inputs: readonly number[]) =>
    isChain && first === 1 ? [] : [inputs.map(nameOfValue).join(", ")];
  const rowOf = (title: string, dims: readonly Dim[], count: string, inputs: readonly number[]) => [
    title,
    visibleText(dims),
    ...sources(inputs),
    count,
  ];
  const inputs = graph.inputs.map(({ name: title, tensor }) =>
    rowOf(`${title} (input)`, tensor.dims, "0", []),
  );
  const rows = graph.calls.map(({ layer, dims, inputs: from }) => {
    const { weights } = layer.state as LayerState;
    // A layer used twice has its weights once.
    const count = seen.has(layer) ? 0 : countNumbers(weights);
    seen.add(layer);
    return rowOf(`${graph.nameOf(layer)} (${layer.kind})`, dims, thousands(count), from);
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
  const wide = sources([]).length > 0;
  return {
    title: `Model: "${name}"`,
    head: ["Layer (type)", "Output shape", ...(wide ? ["Connected to"] : []), "Parameters"],
    rows: wide ? [...inputs, ...rows] : rows,
    totals: [
      total("Parameters", [...trained, ...fixed]),
      total("Trainable", trained),
      total("Not trainable", fixed),
    ],
  };
}

/** The table as text. */
export function summarize(name: string, graph: LayerGraph): string {
  const { title, head, rows, totals } = partsOf(name, graph);
  return [title, ...table(head, rows), ...totals].join("\n");
}

/** The table as HTML, for notebooks. */
export function summarizeAsHtml(name: string, graph: LayerGraph): string {
  const { title, head, rows, totals } = partsOf(name, graph);
  const row = (cells: readonly string[], tag: string) => {
    const all = cells.map((text, i) => {
      const align = i === cells.length - 1 ? "right" : "left";
      return `<${tag} style="text-align:${align}">${escapedHtml(text)}</${tag}>`;
    });
    return `<tr>${all.join("")}</tr>`;
  };
  const body = rows.map((cells) => row(cells, "td")).join("");
  const end = totals.map(escapedHtml).join("<br>");
  return `<table><caption>${escapedHtml(title)}</caption><thead>${row(head, "th")}</thead><tbody>${body}</tbody></table><p>${end}</p>`;
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
