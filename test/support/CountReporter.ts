import { writeFileSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"

/** Writes how the run ended to the file that ECS_MESH_TEST_COUNT names, for bin/test.mjs to print last. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<unknown>): void {
    const file = process.env["ECS_MESH_TEST_COUNT"]
    if (file === undefined) return
    let passed = 0
    // An error outside of any test, or a file that can't be loaded, has failed as much as a test.
    let failed = unhandled.length
    const skipped: Array<{ name: string; why: string }> = []
    for (const module of modules) {
      failed += module.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === "passed") passed++
        else if (result.state === "failed") failed++
        else {
          const note = result.state === "skipped" ? result.note : "it did not run"
          skipped.push({ name: test.fullName, why: note ?? "no reason given" })
        }
      }
    }
    writeFileSync(file, JSON.stringify({ passed, failed, skipped }))
  }
}
