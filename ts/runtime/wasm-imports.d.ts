// What importing a .wasm file or a text gives, in bundles where that is possible.

/** Edge workers: the module, compiled. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** Put there by our own bundling: the bytes as text in base64. */
declare module "*.wasm?base64" {
  const text: string;
  export default text;
}

/** The same for a script: its text. */
declare module "*.js?text" {
  const text: string;
  export default text;
}

/** The glue for threads, where that build is not there: as the usual glue, with more functions. */
declare module "*/threads-strict/gradus_wasm.js" {
  type Glue = typeof import("./bindings.js");
  type Engine = import("./bindings.js").Engine;
  const loadGlue: Glue["loadGlue"];
  const Engine: Glue["Engine"];
  const lastPanic: Glue["lastPanic"];
  function initSync(joining: {
    module: WebAssembly.Module;
    memory: WebAssembly.Memory;
    thread_stack_size: number;
  }): unknown;
  function poolAllowNaps(allowed: boolean): void;
  function poolFail(): void;
  function poolServe(): void;

  export { Engine, initSync, lastPanic, loadGlue as default, poolAllowNaps, poolFail, poolServe };
}
