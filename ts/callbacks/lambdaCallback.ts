// Role: a callback from functions, checked where it is written.
import { checkOptions } from "../errors.js";
import { type Callback, callbackMembers, checkCallback } from "./callback.js";

/**
 * A callback from functions. (A plain object of hooks is one, too; this finds
 * misspelt names where they are written.)
 * Source: https://keras.io/api/callbacks/lambda_callback/
 * @param hooks the functions by the names of {@link Callback}
 * @throws GradusError for an unknown name, and for something that is no function
 * @example
 * lambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) });
 */
export function lambdaCallback(hooks: Callback): Callback {
  checkCallback("lambdaCallback", hooks, "hooks");
  return { ...checkOptions("lambdaCallback", hooks, [...callbackMembers, "needs"]) };
}
