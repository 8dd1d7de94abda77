// The two forms of the package as users import them, each with the strict build of its engine, so
// that their bits can be compared. Built before: `npm run build`.
const at = (name: string) => new URL(`../../dist/${name}.js`, import.meta.url).href;

/** The whole library. */
export const gradus = (await import(at("index"))) as typeof import("../../ts/index.js");
/** What only predicts. */
export const infer = (await import(at("infer"))) as typeof import("../../ts/infer/index.js");

await gradus.init({ simd: "strict" });
await infer.init({ simd: "strict" });

/** Numbers from -1 to 1, the same everywhere. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
