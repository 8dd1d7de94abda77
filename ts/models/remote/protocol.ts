// What `fit` and its worker say to each other.
//
// The shape of it: the loop of `fit` (epochs, callbacks, schedules, early stopping) stays where it
// was called. What moves is the arithmetic, in its lowered form: the bytes of the programs, the
// numbers of the variables, the rows. So a model need not be described to the worker, whatever
// functions it is made of. The worker has an engine of its own, made from the same compiled module,
// with the same variables under the same numbers: the same bytes mean the same there, and the
// results are the same bits.
//
// The worker is told to run a row of batches and does, without waiting for anybody; between slices
// of work it says how far it is and looks for messages (to stop, or for weights). Weights come over
// when somebody may look at them, see `Callback.needs`.
import type { ErrorDetail } from "../../errors.js";
import type { Lowering } from "../program.js";
import type { Seed } from "../seed.js";
import type { Measured, MeasuredSizes } from "../step.js";

/** A set of rows in the worker. */
export type SetName = "train" | "test";

/** The programs that the worker may have. */
export type ProgramName = "train" | "gather" | "test" | "measure" | "changes";

/** A variable to be made. */
export interface RemoteVariable {
  readonly id: number;
  readonly shape: readonly number[];
}

/** A program to be compiled. */
export interface RemoteProgram extends Lowering {
  readonly name: ProgramName;
  readonly capacity: number;
}

/** An input's rows. */
export interface RemotePart {
  readonly name: string;
  readonly dtype: "float32" | "int32" | "uint8";
  readonly rowShape: readonly number[];
  /** The numbers of all rows. */
  readonly size: number;
}

/** What holds for the whole of a `fit`. */
export interface RemoteSettings {
  /** The caller, for errors. */
  readonly where: string;
  readonly module: WebAssembly.Module;
  readonly seed: Seed;
  readonly accumulationSteps: number;
  /** Milliseconds of work between looking for messages. */
  readonly slice: number;
  readonly variables: readonly RemoteVariable[];
  /** The variables of the running means. */
  readonly means: Readonly<Record<SetName, readonly number[]>>;
  /** What is read of a measured step. */
  readonly measure: (MeasuredSizes & { readonly gradientNorms: number | null }) | null;
}

/** Batches to be run. */
export interface Job {
  readonly set: SetName;
  readonly batchSize: number;
  /** The first batch, and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** Whether the means after each batch are wanted, not only those of now and then. */
  readonly each: boolean;
  /** The rest is for training. */
  readonly iterations: number;
  readonly draws: number;
  /** Learning rate and momentum (NaN for the optimizer's own) of each batch. */
  readonly rates: Float64Array;
  /** Whether the one batch is measured. */
  readonly measured: boolean;
}

/** Numbers of a variable: which, from where, how many. */
export type Range = readonly [id: number, from: number, length: number];

/** What the worker is told. */
export type Request =
  | { readonly kind: "begin"; readonly settings: RemoteSettings }
  | { readonly kind: "write"; readonly ranges: readonly Range[]; readonly numbers: Float32Array }
  | { readonly kind: "rows"; readonly set: SetName; readonly parts: readonly RemotePart[] }
  | {
      readonly kind: "fill";
      readonly set: SetName;
      readonly part: number;
      readonly at: number;
      readonly numbers: Float32Array | Int32Array | Uint8Array;
    }
  | { readonly kind: "compile"; readonly programs: readonly RemoteProgram[] }
  | { readonly kind: "shuffle"; readonly count: number; readonly epochs: number }
  | { readonly kind: "run"; readonly job: Job }
  | { readonly kind: "read"; readonly blocks: readonly (readonly Range[])[] }
  | { readonly kind: "stop" };

/** What the worker tells. */
export type Reply =
  /** Its script runs. */
  | { readonly kind: "ready" }
  /** Programs are compiled, or a job is over. */
  | { readonly kind: "done" }
  /** So many batches more; the states of the means after each of them, or after the last. */
  | {
      readonly kind: "progress";
      readonly batches: number;
      readonly means: Float32Array;
      readonly measured: Measured | null;
    }
  | { readonly kind: "numbers"; readonly numbers: Float32Array }
  | { readonly kind: "failed"; readonly error: { readonly where: string } & ErrorDetail };
