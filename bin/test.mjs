#!/usr/bin/env node
// `npm test`: the set-up, the types, then every test on Node 24. Arguments go to vitest.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { endWithNpm } from "./endWithNpm.mjs"
import { node24, root } from "./node24.mjs"
import { runInForeground } from "./runInForeground.mjs"
import { setupOrExit } from "./setup.mjs"

endWithNpm()
await setupOrExit({ test: true })
const node = node24().path
const since = performance.now()

console.log("Types")
const types = await runInForeground(node, [join("node_modules", "typescript", "bin", "tsc"), "--noEmit"], { cwd: root })
// Ended by a signal, which was meant for all of this.
if (types > 128) process.exit(types)
console.log(types === 0 ? "  ✓ no errors" : "  ✗ the types have errors")

const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-test-"))
const countFile = join(folder, "count.json")
const vitest = [join("node_modules", "vitest", "vitest.mjs"), "run"]
const reporters = ["--reporter=default", "--reporter=./test/support/CountReporter.ts"]
const tests = await runInForeground(node, [...vitest, ...reporters, ...process.argv.slice(2)], {
  cwd: root,
  env: {
    // Hundreds of processes start from the same sources, which needn't be compiled anew for each.
    NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "compiled"),
    ...process.env,
    ECS_MESH_TEST_COUNT: countFile
  }
})

let status = types !== 0 ? types : tests
try {
  const { passed, failed, skipped } = JSON.parse(readFileSync(countFile, "utf8"))
  for (const { name, why } of skipped) console.log(`skipped: ${name}: ${why}`)
  console.log(`Tests took ${((performance.now() - since) / 1000).toFixed(0)} s; ${skipped.length} skipped`)
  console.log(`${passed} passed, ${failed + (types === 0 ? 0 : 1)} failed`)
  if (failed > 0 && status === 0) status = 1
} catch {
  if (status === 0) status = 1
  console.log("vitest ended before it could count: see its output above")
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(status)
