import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { waitFor } from "../../localstack/process/waitFor.ts"

const folder = join(import.meta.dirname, "..", "..", "bin")

/** Like bin/start.mjs, with a program that waits in place of the demo. */
const started = `
  import { endWithNpm } from ${JSON.stringify(join(folder, "endWithNpm.mjs"))}
  import { runInForeground } from ${JSON.stringify(join(folder, "runInForeground.mjs"))}
  endWithNpm()
  console.log(process.pid)
  const program = "console.log(process.pid); setInterval(() => {}, 1000)"
  process.exit(await runInForeground(process.execPath, ["-e", program]))
`

/** Like npm: runs it, and passes no signal on. */
const npm = `require("node:child_process").spawn(process.execPath, ["--input-type=module", "-e", ${
  JSON.stringify(started)
}], { stdio: "inherit" })`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

let parent: ChildProcess | undefined
let pids: ReadonlyArray<number> = []

const start = async (environment: NodeJS.ProcessEnv): Promise<void> => {
  const child = spawn(process.execPath, ["-e", npm], { env: environment, stdio: ["ignore", "pipe", "inherit"] })
  parent = child
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text)
  pids = await waitFor("both run", () => {
    const told = output.trim().split("\n").map(Number)
    return told.length === 2 ? told : undefined
  })
}

const { npm_lifecycle_event: _, ...withoutNpm } = process.env

afterEach(() => {
  for (const pid of [parent?.pid, ...pids]) if (pid !== undefined && isAlive(pid)) process.kill(pid, "SIGKILL")
})

describe("what npm runs", () => {
  it("ends, with what it runs itself, once npm was ended by a signal", async () => {
    await start({ ...withoutNpm, npm_lifecycle_event: "start" })
    parent?.kill("SIGTERM")
    await waitFor("both have ended", () => pids.some(isAlive) ? undefined : true)
  })

  it("outlives whoever started it without npm", async () => {
    await start(withoutNpm)
    parent?.kill("SIGTERM")
    await waitFor("the parent has ended", () => parent?.exitCode ?? parent?.signalCode ?? undefined)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(pids.every(isAlive)).toBe(true)
  })
})
