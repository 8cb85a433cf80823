/** The journal's lines as the demo reads them: what it shows of each kind, and nothing else. */
import { Schema } from "effect"

const at = { time: Schema.String, key: Schema.String }

const Event = Schema.Struct({
  ...at,
  kind: Schema.Literal("event"),
  detailType: Schema.optionalKey(Schema.String),
  event: Schema.optionalKey(Schema.Struct({ detail: Schema.Record(Schema.String, Schema.Unknown) }))
})

const Observation = Schema.Struct({
  ...at,
  kind: Schema.Literal("observation"),
  observation: Schema.Struct({
    look: Schema.Struct({ task: Schema.NullOr(Schema.Struct({ group: Schema.String })) })
  })
})

const Decision = Schema.Struct({
  ...at,
  kind: Schema.Literal("decision"),
  from: Schema.NullOr(Schema.String),
  to: Schema.String,
  why: Schema.String
})

const Stored = Schema.Struct({
  ...at,
  kind: Schema.Literal("stored"),
  op: Schema.String,
  resource: Schema.String,
  version: Schema.Number
})

const Pushed = Schema.Struct({
  ...at,
  kind: Schema.Literal("pushed"),
  typeUrl: Schema.String,
  version: Schema.String,
  names: Schema.Array(Schema.String),
  removed: Schema.optionalKey(Schema.Array(Schema.String)),
  removedCount: Schema.optionalKey(Schema.Number)
})

const Acked = Schema.Struct({
  ...at,
  kind: Schema.Literal("acked"),
  typeUrl: Schema.String,
  version: Schema.String
})

const Nacked = Schema.Struct({
  ...at,
  kind: Schema.Literal("nacked"),
  typeUrl: Schema.String,
  version: Schema.String,
  message: Schema.String
})

const Connected = Schema.Struct({ ...at, kind: Schema.Literal("connected") })
const Disconnected = Schema.Struct({ ...at, kind: Schema.Literal("disconnected"), reason: Schema.String })

const Refused = Schema.Struct({
  ...at,
  kind: Schema.Literal("refused"),
  door: Schema.String,
  reason: Schema.String,
  message: Schema.String
})

export const JournalLine = Schema.fromJsonString(
  Schema.Union([Event, Observation, Decision, Stored, Pushed, Acked, Nacked, Connected, Disconnected, Refused])
)
export type JournalLine = typeof JournalLine.Type

/** The task that a key is about: both `task/<cluster>/<id>` and `Dataplane/<mesh>/<id>` end with it. */
export const taskIdOfKey = (key: string): string => key.slice(key.lastIndexOf("/") + 1)

/** `type.googleapis.com/envoy.config.cluster.v3.Cluster` is `Cluster`. */
export const shortType = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf(".") + 1)
