import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"

it("src/cp/proto is what scripts/generate-protos.mjs writes", () => {
  const script = join(import.meta.dirname, "../../../scripts/generate-protos.mjs")
  const check = () => execFileSync(process.execPath, [script, "--check"], { stdio: ["ignore", "pipe", "pipe"] })
  expect(check).not.toThrow()
}, 120_000)
