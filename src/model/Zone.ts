/** One of the zones that meshes span. Kuma's `Zone`. */
import { Schema } from "effect"

export const Zone = Schema.Struct({
  /** False: no traffic is sent there. True where absent. */
  enabled: Schema.optionalKey(Schema.Boolean)
})
export type Zone = typeof Zone.Type
