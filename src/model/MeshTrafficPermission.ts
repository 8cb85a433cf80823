/** Who may call whom. Kuma's `MeshTrafficPermission`. */
import { Schema } from "effect"
import { Match } from "./Match.ts"
import { TargetRef } from "./TargetRef.ts"

export const Action = Schema.Literals(["Allow", "Deny", "AllowWithShadowDeny"])

const Matches = Schema.optionalKey(Schema.Array(Match))

const Rule = Schema.Struct({
  default: Schema.Struct({ deny: Matches, allowWithShadowDeny: Matches, allow: Matches })
})

export const MeshTrafficPermission = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  from: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        targetRef: TargetRef,
        default: Schema.optionalKey(Schema.Struct({ action: Schema.optionalKey(Action) }))
      })
    )
  ),
  rules: Schema.optionalKey(Schema.Array(Rule))
})
export type MeshTrafficPermission = typeof MeshTrafficPermission.Type
