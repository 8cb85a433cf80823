/** A service of a zone: which proxies stand for it and on which ports it's called. Kuma's `MeshService`. */
import { Effect, Schema } from "effect"
import { LabelSelector } from "./LabelSelector.ts"
import { Tags } from "./Tags.ts"

export const AppProtocol = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("tcp")))

export const MeshServicePort = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  port: Schema.Number,
  /** Port or name of the proxies' inbound; `port` where absent. */
  targetPort: Schema.optionalKey(Schema.Union([Schema.Number, Schema.String])),
  appProtocol: AppProtocol
})
export type MeshServicePort = typeof MeshServicePort.Type

export const MeshServiceSelector = Schema.Struct({
  dataplaneTags: Schema.optionalKey(Tags),
  dataplaneRef: Schema.optionalKey(Schema.Struct({ name: Schema.optionalKey(Schema.String) })),
  dataplaneLabels: Schema.optionalKey(LabelSelector)
})
export type MeshServiceSelector = typeof MeshServiceSelector.Type

export const MeshServiceIdentity = Schema.Struct({
  type: Schema.Literals(["ServiceTag", "SpiffeID"]),
  value: Schema.String
})
export type MeshServiceIdentity = typeof MeshServiceIdentity.Type

export const MeshService = Schema.Struct({
  /** Whether one of its endpoints is healthy: other zones ask. */
  state: Schema.Literals(["Available", "Unavailable"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("Unavailable" as const))
  ),
  selector: MeshServiceSelector.pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  ports: Schema.optionalKey(Schema.Array(MeshServicePort)),
  /** What its proxies' certificates say. */
  identities: Schema.optionalKey(Schema.Array(MeshServiceIdentity))
})
export type MeshService = typeof MeshService.Type
