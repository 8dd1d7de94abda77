// Role: ends training when the loss is no number any more.
import { checkOptions } from "../errors.js";
import type { Callback, CallbackModel } from "./callback.js";
import { printLine } from "./terminal.js";

/**
 * Ends training after the first batch whose loss is NaN or infinite, and says so.
 * Source: https://keras.io/api/callbacks/terminate_on_nan/
 */
export function terminateOnNaN(options: Record<string, never> = {}): Callback {
  checkOptions("terminateOnNaN", options, []);
  let model: CallbackModel;
  return {
    setModel(given) {
      model = given;
    },
    onTrainBatchEnd(batch, { loss }) {
      if (loss === undefined || Number.isFinite(loss)) return;
      printLine(`Batch ${batch}: the loss is ${loss}, training ends`);
      model.stopTraining = true;
    },
  };
}
