import { execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readSmallFile } from "../../../src/cp/ca/readSmallFile.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ecs-mesh-file-"))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe("a file that a Mesh names", () => {
  it("is read", async () => {
    await writeFile(join(folder, "ca.pem"), "a certificate")
    expect(await readSmallFile(join(folder, "ca.pem"))).toBe("a certificate")
  })

  it("may be neither a device, nor a pipe that nobody writes, nor a folder, nor large", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")])
    await writeFile(join(folder, "large"), Buffer.alloc(64 * 1024 + 1))
    for (const path of ["/dev/zero", join(folder, "pipe"), folder, join(folder, "large"), join(folder, "none")]) {
      await expect(readSmallFile(path), path).rejects.toThrow()
    }
  })
})
