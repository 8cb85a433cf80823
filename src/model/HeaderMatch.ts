/** How a request's or a response's header is matched. Kuma's `HeaderMatch`. */
import { Effect, Schema } from "effect"

export const HeaderMatch = Schema.Struct({
  type: Schema.Literals(["Exact", "Present", "RegularExpression", "Absent", "Prefix"]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed("Exact" as const))
  ),
  name: Schema.String,
  value: Schema.optionalKey(Schema.String)
})
export type HeaderMatch = typeof HeaderMatch.Type
