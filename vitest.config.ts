// Tests lie beside what they test in ts/, or in test/. Slow ones lie in test/slow/; those of the
// packed package, which bring runtimes and a browser along, in test/package/.
import { defineConfig } from "vitest/config";

// Training a network takes its time, and more on a busy machine.
const patience = { testTimeout: 60_000, hookTimeout: 60_000 };

// Not in test/slow/, but slow all the same: programs of their own, training.
const slow = ["test/docs.test.ts", "test/presets/learning.test.ts"];

export default defineConfig({
  test: {
    // One for each processor; by default one is left to the runner, which is half of two.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "quick",
          include: ["ts/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...slow, "test/slow/**", "test/package/**", "**/node_modules/**"],
          ...patience,
        },
      },
      {
        test: {
          name: "slow",
          include: [...slow, "test/slow/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "package",
          include: ["test/package/*.test.ts"],
          globalSetup: "test/package/setup.ts",
          // Each is a build or a browser of its own: side by side they only wait for each other.
          fileParallelism: false,
          ...patience,
        },
      },
    ],
  },
});
