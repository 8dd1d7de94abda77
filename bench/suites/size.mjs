// Bytes that a page loads, compressed with gzip, everything of the library together.
export const suite = {
  name: "size",
  title: "What a page loads, gzip",
  unit: "bytes",
  higherIsBetter: false,
  rounds: () => 1,

  cases: () =>
    [true, false].map((trains) => ({
      ...{ kind: "size", trains, flops: 1 },
      name: trains ? "to train and predict" : "to predict",
    })),
};
