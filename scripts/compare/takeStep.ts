/** Puts one question to a control plane: by kumactl, as a user does, or by HTTP. */
import { spawn } from "node:child_process"
import { createReadStream } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { setTimeout as delay } from "node:timers/promises"
import type { Step } from "./calls.ts"

export interface Asked {
  /** Base URL. */
  readonly api: string
  readonly kumactl: string
  /** For kumactl's configuration. */
  readonly folder: string
}

export interface Answer {
  readonly call: string
  readonly text: string
}

const resources = join(import.meta.dirname, "resources")

const LIMIT_MILLIS = 20_000

/** What it prints, errors after the rest, and its status. */
export const runKumactl = async (
  { folder, kumactl }: Asked,
  args: ReadonlyArray<string>,
  input?: string
): Promise<string> => {
  const child = spawn(kumactl, ["--config-file", join(folder, "kumactl.yaml"), ...args], {
    cwd: resources,
    env: { HOME: folder, PATH: process.env["PATH"] },
    timeout: LIMIT_MILLIS
  })
  // Who is refused before it reads has closed its end.
  child.stdin.on("error", () => undefined)
  if (input === undefined) child.stdin.end()
  else createReadStream(join(resources, input)).pipe(child.stdin)
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(`status ${code ?? signal}`))
  })
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
  return [out, error, await ended].map((part) => part.trimEnd()).filter((part) => part !== "").join("\n")
}

/** In which order an object's keys stand says nothing. */
const inOrder = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

const getPath = async ({ api }: Asked, path: string): Promise<string> => {
  const answer = await fetch(`${api}${path}`, { signal: AbortSignal.timeout(LIMIT_MILLIS) })
  const body = await answer.text()
  const isJson = answer.headers.get("content-type")?.includes("json") === true
  return `${isJson ? JSON.stringify(JSON.parse(body), inOrder, 2) : body.trimEnd()}\nstatus ${answer.status}`
}

/** null where there is nothing to compare. */
export const takeStep = async (asked: Asked, step: Step): Promise<Answer | null> => {
  if ("waitMillis" in step) return delay(step.waitMillis, null)
  if ("get" in step) return { call: `GET ${step.get}`, text: await getPath(asked, step.get) }
  const input = step.stdin === undefined ? "" : ` < ${step.stdin}`
  const words = step.kumactl.map((word) => word === "" ? "\"\"" : word).join(" ")
  return { call: `${words}${input}`, text: await runKumactl(asked, step.kumactl, step.stdin) }
}
