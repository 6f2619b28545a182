import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A synthesis takes seconds where the machine is busy.
    testTimeout: 60_000,
    // The CDK takes longer to load than most tests to run: it is loaded once for all files.
    isolate: false,
    maxWorkers: 1,
  },
});
