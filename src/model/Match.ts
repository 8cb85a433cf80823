/** Whose calls a rule is about: a client's SPIFFE id, or the SNI it asks for. Kuma's `Match`. */
import { Schema } from "effect"

export const SpiffeIdMatch = Schema.Struct({
  type: Schema.Literals(["Exact", "Prefix"]),
  value: Schema.String
})

export type SpiffeId = typeof SpiffeIdMatch.Type

export const SniMatch = Schema.Struct({ type: Schema.Literals(["Exact"]), value: Schema.String })

export const Match = Schema.Struct({
  spiffeID: Schema.optionalKey(SpiffeIdMatch),
  sni: Schema.optionalKey(SniMatch)
})
export type Match = typeof Match.Type
