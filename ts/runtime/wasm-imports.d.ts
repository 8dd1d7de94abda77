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
