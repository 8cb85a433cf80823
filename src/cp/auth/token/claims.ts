/** The claims of dataplane, zone and user tokens, in the names that Kuma gives them. */
import { Schema } from "effect"

const text = Schema.optionalKey(Schema.String)

/** An empty or absent claim restricts nothing. */
export const DataplaneClaims = Schema.Struct({
  Name: text,
  Mesh: text,
  /** For each tag the values that the Dataplane may have. */
  Tags: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Array(Schema.String)))),
  Type: text,
  Workload: text
})
export type DataplaneClaims = typeof DataplaneClaims.Type

export const ZoneClaims = Schema.Struct({
  Zone: text,
  /** Of `ingress`, `egress`, `cp`. */
  Scope: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
})
export type ZoneClaims = typeof ZoneClaims.Type

export const UserClaims = Schema.Struct({
  Name: Schema.NonEmptyString,
  Groups: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
})
export type UserClaims = typeof UserClaims.Type
