import { defineConfig } from "vitest/config";

// A synthesis with both packs of rules takes seconds.
export default defineConfig({ test: { include: ["test/**/*.test.ts"], testTimeout: 60_000 } });
