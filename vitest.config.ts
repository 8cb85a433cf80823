import { defineConfig } from "vitest/config"
import { filesAlone } from "./test/support/filesAlone.ts"
import { LongestFirst } from "./test/support/LongestFirst.ts"

const alone = [...filesAlone()]

export default defineConfig({
  test: {
    globalSetup: ["test/support/sharedPostgres.ts"],
    projects: [
      { test: { name: "alone", include: alone } },
      { test: { name: "together", include: ["test/**/*.test.ts"], exclude: alone, isolate: false } }
    ],
    sequence: { sequencer: LongestFirst },
    // Each worker starts real servers of its own; two fit a machine of two cores.
    pool: "forks",
    maxWorkers: 2,
    // What a test logged is of interest where it failed.
    silent: "passed-only",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
    passWithNoTests: false
  }
})
