// A run of tests in which one fails ends with a status that says so: nothing that the set-up loads may turn it into 0.
import { execFile } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..", "..")
const FAIL = "ECS_MESH_TEST_FAILS"

const run = (): Promise<number | string | null> =>
  new Promise((resolve) => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs")
    const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], [FAIL]: "1" }
    execFile(process.execPath, [vitest, "run", "test/bin/exitStatus.test.ts"], { cwd: root, env }, (error) =>
      resolve(error === null ? 0 : error.code ?? null))
  })

it("is 1 where a test failed", async () => {
  if (process.env[FAIL] === "1") throw new Error("as asked")
  expect(await run()).toBe(1)
}, 60_000)
