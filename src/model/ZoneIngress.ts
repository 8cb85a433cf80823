/** A proxy through which other zones reach this zone's services. Kuma's `ZoneIngress`. */
import { Schema } from "effect"
import { Tags } from "./Tags.ts"

export const AvailableService = Schema.Struct({
  tags: Schema.optionalKey(Tags),
  instances: Schema.optionalKey(Schema.Number),
  mesh: Schema.optionalKey(Schema.String),
  externalService: Schema.optionalKey(Schema.Boolean)
})

export const ZoneIngress = Schema.Struct({
  zone: Schema.optionalKey(Schema.String),
  networking: Schema.optionalKey(
    Schema.Struct({
      address: Schema.optionalKey(Schema.String),
      advertisedAddress: Schema.optionalKey(Schema.String),
      port: Schema.optionalKey(Schema.Number),
      advertisedPort: Schema.optionalKey(Schema.Number),
      admin: Schema.optionalKey(Schema.Struct({ port: Schema.optionalKey(Schema.Number) }))
    })
  ),
  availableServices: Schema.optionalKey(Schema.Array(AvailableService))
})
export type ZoneIngress = typeof ZoneIngress.Type
