/** A proxy beside a workload: where it listens, what it stands for, what it calls. Kuma's `Dataplane`. */
import { Effect, Schema } from "effect"
import { Tags } from "./Tags.ts"

/** A missing port is read as 0, as protobuf has it; validation refuses that. */
const Port = Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0)))

const Health = Schema.Struct({ ready: Schema.optionalKey(Schema.Boolean) })

export const Inbound = Schema.Struct({
  /** Port that other proxies dial. */
  port: Port,
  /** Port that the workload listens on; `port` where absent. */
  servicePort: Schema.optionalKey(Schema.Number),
  /** Address that the workload listens on; the inbound's own address where absent. */
  serviceAddress: Schema.optionalKey(Schema.String),
  /** Address that the listener binds; the networking's address where absent. */
  address: Schema.optionalKey(Schema.String),
  tags: Schema.optionalKey(Tags),
  health: Schema.optionalKey(Health),
  serviceProbe: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  state: Schema.optionalKey(Schema.Literals(["Ready", "NotReady", "Ignored"])),
  name: Schema.optionalKey(Schema.String),
  protocol: Schema.optionalKey(Schema.String)
})
export type Inbound = typeof Inbound.Type

export const BackendRef = Schema.Struct({
  kind: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed(""))),
  name: Schema.optionalKey(Schema.String),
  port: Schema.optionalKey(Schema.Number),
  labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type BackendRef = typeof BackendRef.Type

export const Outbound = Schema.Struct({
  address: Schema.optionalKey(Schema.String),
  port: Port,
  tags: Schema.optionalKey(Tags),
  backendRef: Schema.optionalKey(BackendRef)
})
export type Outbound = typeof Outbound.Type

export const Gateway = Schema.Struct({
  tags: Schema.optionalKey(Tags),
  type: Schema.optionalKey(Schema.Literals(["DELEGATED", "BUILTIN"]))
})

/** A zone proxy's listener on a Dataplane, Kuma's newer way to run them. */
export const ZoneListener = Schema.Struct({
  type: Schema.optionalKey(Schema.Literals(["Unspecified", "ZoneIngress", "ZoneEgress"])),
  address: Schema.optionalKey(Schema.String),
  port: Schema.optionalKey(Schema.Number),
  name: Schema.optionalKey(Schema.String),
  state: Schema.optionalKey(Schema.Literals(["Ready", "NotReady"]))
})

const Probes = Schema.Struct({
  port: Schema.optionalKey(Schema.Number),
  endpoints: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        inboundPort: Schema.optionalKey(Schema.Number),
        inboundPath: Schema.optionalKey(Schema.String),
        path: Schema.optionalKey(Schema.String)
      })
    )
  )
})

export const Networking = Schema.Struct({
  address: Schema.optionalKey(Schema.String),
  advertisedAddress: Schema.optionalKey(Schema.String),
  gateway: Schema.optionalKey(Gateway),
  inbound: Schema.optionalKey(Schema.Array(Inbound)),
  outbound: Schema.optionalKey(Schema.Array(Outbound)),
  transparentProxying: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  admin: Schema.optionalKey(Schema.Struct({ port: Schema.optionalKey(Schema.Number) })),
  listeners: Schema.optionalKey(Schema.Array(ZoneListener))
})

export const Dataplane = Schema.Struct({
  networking: Schema.optionalKey(Networking),
  metrics: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  probes: Schema.optionalKey(Probes)
})
export type Dataplane = typeof Dataplane.Type
