/** Who talks to whom: the requests that the Envoys themselves logged, followed in every task's log folder. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Option, Schema } from "effect"
import { followLines } from "./followLines.ts"

/** What an inbound's access log says of one request. */
export const AccessLine = Schema.fromJsonString(
  Schema.Struct({
    time: Schema.String,
    direction: Schema.Literal("inbound"),
    destination: Schema.String,
    /** The caller's SPIFFE URIs, out of its certificate. */
    peer: Schema.optionalKey(Schema.String),
    method: Schema.optionalKey(Schema.String),
    path: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.Union([Schema.Number, Schema.String])),
    durationMillis: Schema.optionalKey(Schema.Union([Schema.Number, Schema.String])),
    proxy: Schema.String
  })
)
export type AccessLine = typeof AccessLine.Type

const decode = Schema.decodeUnknownOption(AccessLine)

/** Envoy may put words before the JSON when stdout is shared; the object begins at its brace. */
const readAccess = (line: string): AccessLine | undefined =>
  line.includes("\"direction\"") ? Option.getOrUndefined(decode(line.slice(line.indexOf("{")))) : undefined

/** Follows `<folder>/<task>/sidecar.log` of every task, of new ones too. Returns how to stop. */
export const followTraffic = (folder: string, onRequest: (request: AccessLine) => void): () => void => {
  const followed = new Map<string, () => void>()
  const look = (): void => {
    if (!existsSync(folder)) return
    for (const task of readdirSync(folder)) {
      if (followed.has(task)) continue
      followed.set(
        task,
        followLines(join(folder, task, "sidecar.log"), (line) => {
          const request = readAccess(line)
          if (request !== undefined) onRequest(request)
        })
      )
    }
  }
  const timer = setInterval(look, 200)
  return () => {
    clearInterval(timer)
    for (const stop of followed.values()) stop()
  }
}
