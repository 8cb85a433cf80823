/** Puts one question to a control plane: by kumactl, as a user does, or by HTTP. */
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { Step } from "./calls.ts"
import { type Kumactl, runKumactl } from "./runKumactl.ts"

export interface Asked extends Kumactl {
  /** Base URL. */
  readonly api: string
}

export interface Answer {
  readonly call: string
  readonly text: string
}

const resources = join(import.meta.dirname, "resources")

const LIMIT_MILLIS = 20_000

/** What it prints, errors after the rest, and its status. */
export const answerOfKumactl = async (
  asked: Kumactl,
  args: ReadonlyArray<string>,
  input?: string
): Promise<string> => {
  const options = { cwd: resources, ...(input === undefined ? {} : { input: join(resources, input) }) }
  const { error, out, status } = await runKumactl(asked, args, options)
  return [out, error, `status ${status}`].map((part) => part.trimEnd()).filter((part) => part !== "").join("\n")
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
  return { call: `${words}${input}`, text: await answerOfKumactl(asked, step.kumactl, step.stdin) }
}
