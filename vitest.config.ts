import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { filesAlone } from "./test/support/filesAlone.ts"
import { LongestFirst } from "./test/support/LongestFirst.ts"

const alone = [...filesAlone()]

export default defineConfig({
  test: {
    globalSetup: ["test/support/sharedPostgres.ts"],
    projects: [
      { test: { name: "alone", include: alone, isolate: true } },
      {
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          isolate: false,
          setupFiles: ["test/support/leavesNothing.ts"]
        }
      }
    ],
    sequence: { sequencer: LongestFirst },
    pool: "forks",
    // A file waits a third of its time for programs that it started: so many keep a small machine busy.
    maxWorkers: Math.min(8, Math.ceil(availableParallelism() * 1.5)),
    // A line for each file; what a test logged, only where it failed.
    silent: "passed-only",
    slowTestThreshold: 10_000,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
    passWithNoTests: false
  }
})
