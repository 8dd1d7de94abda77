// The inputs of a model as users give them, checked before anything is run. It must not know layers
// nor training: what only predicts uses it, too.
import type { LaterChecks } from "../data/check.js";
import { type DataLike, type Rows, toRows } from "../data/rows.js";
import type { DType } from "../data/tensor.js";
import { fail } from "../errors.js";
import type { Variant } from "./lowering.js";
import { type Form, partsOf } from "./parts.js";

/** Checked data under the name that programs know them by. */
export interface DataPart {
  readonly name: string;
  readonly rows: Rows;
}

/** Checked data: inputs, and for training and evaluation targets and weights. */
export interface ModelData {
  /** The number of rows. */
  readonly count: number;
  readonly parts: readonly DataPart[];
  readonly variant: Variant;
}

/** Data for models of any structure, checked when it is read. */
export type AnyData = DataLike | readonly DataLike[] | Readonly<Record<string, DataLike>>;

/** An input as far as data for it are concerned. */
export interface InputLike {
  readonly name: string;
  /** Its name in programs. */
  readonly wire: string;
  readonly rowShape: readonly number[];
}

/** What has inputs. */
export interface InputsLike {
  readonly inputs: readonly InputLike[];
  readonly inputForm: Form;
}

/** Checked data with what errors call them. */
export interface Labelled {
  readonly label: string;
  readonly name: string;
  readonly rows: Rows;
  /** The element type in programs. */
  readonly dtype: DType;
  readonly rowShape: readonly number[];
}

/** Checks inputs; those of their values later where there is a list for that. */
export function readInputs(
  where: string,
  model: InputsLike,
  x: AnyData,
  later?: LaterChecks,
): ModelData {
  return dataOf(readX(where, model, x, "x", later));
}

/** Checked parts as one. */
export function dataOf(all: readonly Labelled[]): ModelData {
  return {
    count: (all[0] as Labelled).rows.count,
    parts: all,
    variant: all,
  };
}

/** Checks inputs, each under its name. */
export function readX(
  where: string,
  model: InputsLike,
  x: AnyData,
  what: string,
  later: LaterChecks | undefined,
): Labelled[] {
  const parts = partsOf(where, what, model.inputForm, model.inputs, x);
  const found = parts.map(({ label, value }, i) => {
    const { wire, rowShape } = model.inputs[i] as InputLike;
    const rows = toRows(where, value as DataLike, rowShape, { name: label, later });
    return { label, name: wire, rows, dtype: rows.dtype, rowShape };
  });
  checkCounts(where, found[0] as Labelled, found);
  return found;
}

/** Refuses parts with another number of rows than the first. */
export function checkCounts(where: string, first: Labelled, all: readonly Labelled[]): void {
  for (const { label, rows } of all) {
    if (rows.count === first.rows.count) continue;
    fail(where, {
      expected: `${first.label} and ${label} to have the same number of rows`,
      received: `${first.rows.count} and ${rows.count}`,
    });
  }
}
