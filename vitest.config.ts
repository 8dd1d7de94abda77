// Tests lie beside what they test in ts/, or in test/. Slow ones lie in test/slow/.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["ts/**/*.test.ts", "test/**/*.test.ts"],
    // Training a network takes its time, and more on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
