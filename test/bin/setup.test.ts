// The set-up of a fresh clone where neither npm nor pip reaches what it wants.
import { execFile } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"

const root = join(import.meta.dirname, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "ecs-mesh-setup-"))
const clone = join(folder, "clone")
const commands = join(folder, "commands")

const command = (name: string, script: string): void => {
  writeFileSync(join(commands, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(commands, name), 0o755)
}

beforeAll(() => {
  mkdirSync(commands, { recursive: true })
  cpSync(join(root, "bin"), join(clone, "bin"), { recursive: true })
  for (const name of ["toolCache.mjs", "requirements-local.txt"]) {
    cpSync(join(root, "localstack", name), join(clone, "localstack", name))
  }
  cpSync(join(root, "package-lock.json"), join(clone, "package-lock.json"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Stands in for npm and pip, which say this and end with 1. */
const setUp = (npm: string, pip: string): Promise<{ readonly status: number; readonly output: string }> => {
  command("npm", `echo '${npm}' >&2; exit 1`)
  command("python3", `case "$*" in
  *"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  *"-m pip "*) echo '${pip}' >&2; exit 1 ;;
  *) echo 3 12 ;;
esac`)
  const env = {
    PATH: [commands, dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: folder,
    ECS_MESH_CACHE: join(folder, "cache")
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [join(clone, "bin", "setup.mjs")], { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }))
  })
}

const NPM = "npm's registry can't be reached: wanted are the packages of package-lock.json"
const PIP = "the Python package index can't be reached: wanted are the packages of localstack/requirements-local.txt"

it.each([
  ["npm error code EAI_AGAIN", "[Errno -3] Temporary failure in name resolution"],
  ["npm error code ECONNREFUSED", "[Errno 111] Connection refused"],
  ["npm error network request to https://registry.npmjs.org/a failed", "Failed to establish a new connection"]
])("says what it wanted, and whence, where there is no network: %s", async (npm, pip) => {
  const { output, status } = await setUp(npm, pip)
  expect(status).toBe(1)
  expect(output).toContain(NPM)
  expect(output).toContain(PIP)
  expect(output).toContain(npm)
})

it("says nothing of the network where it was something else", async () => {
  const { output, status } = await setUp("npm error code ENOSPC", "No space left on device")
  expect(status).toBe(1)
  expect(output).toContain("ENOSPC")
  expect(output).not.toContain("be reached")
})
