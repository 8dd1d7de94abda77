// PyTorch on one CPU thread, where a Python with it is found. pytorch.py does the work.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { normalization } from "../formulas.mjs";

export const subjects = [
  {
    id: "pytorch",
    subject: "pytorch",
    build: "",
    threads: 1,
    place: 40,
    suites: ["gemm", "elementwise", "optimizer", "train", "predict", "fit", "scaling"],
    // What it has no function or rule for.
    skips: ({ kind, op, rule }) =>
      (kind === "elementwise" &&
        ["squareplus", "sparseSigmoid", normalization.name].includes(op)) ||
      (kind === "optimizer" && ["adadelta", "lion"].includes(rule)),
    start() {
      const python = findPython();
      if (!python) return "no Python with torch found; GRADUS_BENCH_PYTHON may name one";
      const program = fileURLToPath(new URL("pytorch.py", import.meta.url));
      return {
        command: python,
        args: [program],
        env: { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" },
      };
    },
  },
];

function findPython() {
  const ownEnvironment = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
  const candidates = process.env.GRADUS_BENCH_PYTHON
    ? [process.env.GRADUS_BENCH_PYTHON]
    : [...(existsSync(ownEnvironment) ? [ownEnvironment] : []), "python3"];
  return candidates.find((python) => {
    const find =
      'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ["torch", "numpy"])))';
    return spawnSync(python, ["-c", find], { stdio: "ignore" }).status === 0;
  });
}
