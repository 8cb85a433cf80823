import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"
import { startProcess } from "../../localstack/process/startProcess.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { isAlive } from "../support/isAlive.ts"

const starter = fileURLToPath(new URL("fixtures/startsAndWaits.ts", import.meta.url))

it("ends a child that ignores SIGTERM after the process that started it was killed", async () => {
  const parent = spawn(process.execPath, [starter], { stdio: ["ignore", "pipe", "inherit"] })
  let output = ""
  parent.stdout.on("data", (chunk) => { output += chunk })
  const child = await waitFor("the child", () => {
    const pid = /child (\d+)/.exec(output)?.[1]
    return pid === undefined ? undefined : Number(pid)
  })
  expect(isAlive(child)).toBe(true)

  parent.kill("SIGKILL")

  await waitFor("the child's end", () => isAlive(child) ? undefined : true, { withinMillis: 10_000 })
})

it("ends what a process left running behind it, as a container's runtime does", async () => {
  const shell = await startProcess({ command: "/bin/sh", args: ["-c", "sleep 300 & echo left $!"] })
  await shell.exited
  const left = await waitFor("the pid", () => /left (\d+)/.exec(shell.output())?.[1])

  await waitFor("the end of what was left", () => isAlive(Number(left)) ? undefined : true)
})

it("says which command could not be started", async () => {
  await expect(startProcess({ command: "/no/such/program" })).rejects.toThrow("/no/such/program did not start")
})
