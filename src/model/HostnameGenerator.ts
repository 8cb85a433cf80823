/** Gives the services that it selects a hostname. Kuma's `HostnameGenerator`. */
import { Effect, Schema } from "effect"
import { Extension } from "./Extension.ts"
import { LabelSelector } from "./LabelSelector.ts"

export const HostnameGenerator = Schema.Struct({
  /** Exactly one of them. */
  selector: Schema.Struct({
    meshService: Schema.optionalKey(LabelSelector),
    meshExternalService: Schema.optionalKey(LabelSelector),
    meshMultiZoneService: Schema.optionalKey(LabelSelector)
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** See `services/hostnameTemplate.ts`. */
  template: Schema.String,
  /** Where the hostnames are to be kept besides: `Route53`. */
  extension: Schema.optionalKey(Extension)
})
export type HostnameGenerator = typeof HostnameGenerator.Type

/** The configuration of an extension of type `Route53`, as Kong Mesh has it. */
export const Route53Config = Schema.Struct({
  /** Of everybody, as one of `hostedZones` without a name. */
  hostedZoneId: Schema.optionalKey(Schema.String),
  hostedZones: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        /** Of the zone whose control plane keeps the hosted zone; all control planes do where it's absent. */
        name: Schema.optionalKey(Schema.String),
        hostedZoneId: Schema.String
      })
    )
  )
})
export type Route53Config = typeof Route53Config.Type
