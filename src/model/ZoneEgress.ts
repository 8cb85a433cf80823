/** A proxy through which this zone's workloads leave it. Kuma's `ZoneEgress`. */
import { Schema } from "effect"

export const ZoneEgress = Schema.Struct({
  zone: Schema.optionalKey(Schema.String),
  networking: Schema.optionalKey(
    Schema.Struct({
      address: Schema.optionalKey(Schema.String),
      port: Schema.optionalKey(Schema.Number),
      admin: Schema.optionalKey(Schema.Struct({ port: Schema.optionalKey(Schema.Number) }))
    })
  )
})
export type ZoneEgress = typeof ZoneEgress.Type
