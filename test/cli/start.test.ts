import { execFile } from "node:child_process"
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "vitest"

const root = join(import.meta.dirname, "..", "..")
const BOUND = "--max-semi-space-size=16"

/** What Node is told, read before the program itself. */
const nodeOptions = async (own: string): Promise<string> => {
  const tell = "data:text/javascript,console.log(process.env.NODE_OPTIONS);process.exit()"
  const { stdout } = await promisify(execFile)(join(root, "bin", "ecs-mesh"), ["serve"], {
    env: { PATH: process.env["PATH"], NODE_OPTIONS: `--import=${tell} ${own}` }
  })
  return stdout
}

it("young objects get no more than 16 MB in a checkout, unless NODE_OPTIONS says so", async () => {
  expect(await nodeOptions("")).toContain(BOUND)
  // Of two settings Node takes the last one.
  expect(await nodeOptions("--max-semi-space-size=64")).toMatch(/=16 .*=64/)
})

it("and no more in the image", async () => {
  expect(await readFile(join(root, "deploy", "Dockerfile"), "utf8")).toContain(`NODE_OPTIONS=${BOUND}`)
})

it("a checkout that isn't set up says how to do that", async () => {
  const clone = await mkdtemp(join(tmpdir(), "ecs-mesh-clone-"))
  await mkdir(join(clone, "bin"))
  await copyFile(join(root, "bin", "ecs-mesh"), join(clone, "bin", "ecs-mesh"))
  const failed = promisify(execFile)(join(clone, "bin", "ecs-mesh"), ["--help"])
  await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("node bin/setup.mjs") })
  await rm(clone, { recursive: true })
})
