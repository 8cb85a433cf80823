/** Bytes that only the control plane and administrators read. Kuma's `Secret` (of a mesh) and `GlobalSecret`. */
import { Schema } from "effect"

export const Secret = Schema.Struct({
  /** Base64 (padded, standard alphabet). */
  data: Schema.optionalKey(Schema.String)
})
export type Secret = typeof Secret.Type

export const GlobalSecret = Secret
export type GlobalSecret = Secret
