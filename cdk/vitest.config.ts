import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A synthesis takes seconds on a busy machine.
    testTimeout: 60_000,
    // The CDK takes longer to load than most tests to run: it is loaded once for all files.
    isolate: false,
    maxWorkers: 1,
  },
});
