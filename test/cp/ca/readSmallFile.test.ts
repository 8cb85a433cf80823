import { execFileSync } from "node:child_process"
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readCaFile } from "../../../src/cp/ca/readCaFile.ts"
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

describe("the folder that is set aside for such files", () => {
  it("is all that is read of, through links too, and by no detour", async () => {
    const aside = join(folder, "aside")
    await mkdir(join(aside, "..data"), { recursive: true })
    await writeFile(join(aside, "..data", "ca.pem"), "a certificate")
    await writeFile(join(folder, "outside"), "another's")
    await symlink(join("..data", "ca.pem"), join(aside, "ca.pem"))
    await symlink(join(folder, "outside"), join(aside, "link"))
    await symlink(aside, join(folder, "mounted"))
    await symlink("/", join(aside, "root"))
    expect(await readCaFile(aside, join(aside, "ca.pem"))).toBe("a certificate")
    expect(await readCaFile(join(folder, "mounted"), join(folder, "mounted", "ca.pem"))).toBe("a certificate")
    const elsewhere = [
      join(folder, "outside"), `${aside}/../outside`, join(aside, "link"), join(aside, "root", "etc", "passwd"),
      "/etc/passwd", "/no/such/file", aside, "ca.pem", `${aside}-more/ca.pem`
    ]
    for (const path of elsewhere) {
      await expect(readCaFile(aside, path), path).rejects.toThrow("isn't in the folder that ECS_MESH_CA_FILES_DIR names")
    }
    await expect(readCaFile(aside, join(aside, "none"))).rejects.toThrow(`can't read ${join(aside, "none")}`)
    await expect(readCaFile(aside, join(aside, "..data"))).rejects.toThrow("can't read")
  })

  it("is none where none is set, whatever is asked for", async () => {
    await expect(readCaFile(null, join(folder, "ca.pem"))).rejects.toThrow("ECS_MESH_CA_FILES_DIR")
  })
})
