// The generated glue of the builds with shared memory, loaded only where threads are wanted. Like
// bindings.ts it only passes it on.
export {
  default as loadGlue,
  Engine,
  initSync as joinGlueNow,
  lastPanic,
  poolAllowNaps,
  poolFail,
  poolServe,
} from "../../build/wasm/threads-strict/gradus_wasm.js";
