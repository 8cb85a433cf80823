/** What goes beyond Kuma, by its type; the type alone knows what its configuration holds. Kuma's `Extension`. */
import { Schema } from "effect"

export const Extension = Schema.Struct({
  type: Schema.String,
  config: Schema.optionalKey(Schema.Unknown)
})
export type Extension = typeof Extension.Type
