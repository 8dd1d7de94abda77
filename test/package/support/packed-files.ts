// The files of the package, all of them.

export const packedFiles: readonly string[] = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "dist/build.json",
  "dist/edge.js",
  "dist/edge.js.map",
  "dist/gradus-relaxed.wasm",
  "dist/gradus-strict.wasm",
  "dist/gradus-threads-relaxed.wasm",
  "dist/gradus-threads-strict.wasm",
  "dist/index.d.ts",
  "dist/index.js",
  "dist/index.js.map",
  "dist/inline.js",
  "dist/inline.js.map",
  "dist/pool-worker.js",
  "dist/pool-worker.js.map",
  "dist/worker.js",
  "dist/worker.js.map",
  "package.json",
];
