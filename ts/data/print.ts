// Role: tensors as text. It must not change or check them.
import type { Tensor } from "./tensor.js";

/** Larger tensors are shown with their edges only. */
const mostShown = 1000;
/** How much of an edge is shown. */
const edge = 3;

/** Up to six digits that count. */
function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/**
 * `float32 tensor [2, 2]` and its numbers in rows, with six digits; of more than 1,000 only the
 * first and last three along each axis.
 */
export function tensorText({ shape, dtype, data }: Tensor): string {
  const short = data.length > mostShown;
  const shown = (extent: number): (number | null)[] => {
    const all = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    if (!short || extent <= 2 * edge) return all(0, extent);
    return [...all(0, edge), null, ...all(extent - edge, extent)];
  };
  let width = 0;
  const lines = (axis: number, start: number, size: number): string => {
    if (axis === shape.length) {
      return numberText(data[start] as number).padStart(width);
    }
    const extent = shape[axis] as number;
    const step = size / extent;
    const parts = shown(extent).map((i) =>
      i === null ? "…" : lines(axis + 1, start + i * step, step),
    );
    const isRow = axis === shape.length - 1;
    const between = isRow
      ? ", "
      : `,${"\n".repeat(shape.length - 1 - axis)}${" ".repeat(axis + 1)}`;
    return `[${parts.join(between)}]`;
  };
  // Once for the width of the widest number, once with it.
  width = Math.max(
    0,
    ...lines(0, 0, data.length)
      .split(/[[\],\s…]+/)
      .map((text) => text.length),
  );
  return `${dtype} tensor [${shape.join(", ")}]\n${lines(0, 0, data.length)}`;
}
