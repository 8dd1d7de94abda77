// How long a fresh process takes from the first line of a program to its first prediction: loading
// the library, building a net of 784-300-100-10 and predicting one row.
export const suite = {
  name: "start",
  title: "From the first line of a program to its first prediction",
  unit: "ms",
  higherIsBetter: false,
  rounds: (/** @type {{ quick: boolean }} */ { quick }) => (quick ? 3 : 11),

  cases: () => [{ kind: "start", name: "import, build 784-300-100-10, predict one row", flops: 1 }],
};
