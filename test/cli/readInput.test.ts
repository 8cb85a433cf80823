import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { describe, expect, it } from "vitest"
import { journal } from "../controllers/replay/journalText.ts"

const main = join(import.meta.dirname, "..", "..", "src", "main.ts")

/** A shell's pipe whose writer waits until the program has looked at it and found nothing. */
const piped = async (args: string, input: string): Promise<{ readonly status: number; readonly output: string }> => {
  const shell = spawn("sh", ["-c", `(sleep 2; cat) | "${process.execPath}" "${main}" ${args} 2>&1`])
  shell.stdin.end(input)
  const [output, [status]] = await Promise.all([text(shell.stdout), once(shell, "exit")])
  return { status, output }
}

const resources = "type: Mesh\nname: default\n---\ntype: Dataplane\nmesh: default\nname: a\nnetworking:\n  address: 10.0.0.1\n" +
  "  inbound:\n    - port: 80\n      tags:\n        kuma.io/service: a\n"

describe.concurrent("standard input", () => {
  it.each([
    ["replay", "replay -", `${journal.join("\n")}\n`, "today's code decides as was recorded"],
    ["explain", "explain --journal - task0001", `${journal.join("\n")}\n`, "What happened"],
    ["translate", "translate -", resources, "proxy: dataplane/default/a"]
  ])("may come late and in pieces: %s", async (_, args, input, expected) => {
    const { output, status } = await piped(args, input)
    expect(output).toContain(expected)
    expect(status).toBe(0)
  }, 60_000)
})
