/** How long calls may take. Kuma's `MeshTimeout`; durations are Go's (`5s`, `1h30m`, `250ms`). */
import { Schema } from "effect"
import { Match } from "./Match.ts"
import { TargetRef } from "./TargetRef.ts"

const Duration = Schema.optionalKey(Schema.String)

export const TimeoutConf = Schema.Struct({
  connectionTimeout: Duration,
  idleTimeout: Duration,
  http: Schema.optionalKey(
    Schema.Struct({
      requestTimeout: Duration,
      streamIdleTimeout: Duration,
      maxStreamDuration: Duration,
      maxConnectionDuration: Duration,
      requestHeadersTimeout: Duration
    })
  )
})
export type TimeoutConf = typeof TimeoutConf.Type

const Rule = Schema.Struct({ targetRef: TargetRef, default: Schema.optionalKey(TimeoutConf) })

const InboundRule = Schema.Struct({
  matches: Schema.optionalKey(Schema.Array(Match)),
  default: Schema.optionalKey(TimeoutConf)
})

export const MeshTimeout = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(Schema.Array(Rule)),
  from: Schema.optionalKey(Schema.Array(Rule)),
  rules: Schema.optionalKey(Schema.Array(InboundRule))
})
export type MeshTimeout = typeof MeshTimeout.Type
