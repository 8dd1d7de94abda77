// Memory that training takes, in a fresh process.
export const suite = {
  name: "memory",
  title: "Memory of training with Adam",
  unit: "bytes",
  higherIsBetter: false,
  rounds: (/** @type {{ quick: boolean }} */ { quick }) => (quick ? 1 : 3),

  /** @param {{ quick: boolean }} effort */
  cases: ({ quick }) =>
    [
      { what: "parameter", name: "per parameter: 2048-2048-2048" },
      { what: "row", name: "per row of a batch of 8192: 784-300-100-10, data included" },
      { what: "growth", name: "grown by 10,000 steps: 20-30-10, batch 16" },
    ]
      .filter(({ what }) => !quick || what === "growth")
      .map((one) => ({ kind: "memory", ...one, flops: 1 })),
};
