// What importing a .wasm file gives, in bundles where that is possible.

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
