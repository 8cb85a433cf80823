/** Who may call whom. Kuma's `MeshTrafficPermission`. */
import { Schema } from "effect"
import { TargetRef } from "./TargetRef.ts"

export const Action = Schema.Literals(["Allow", "Deny", "AllowWithShadowDeny"])

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
  rules: Schema.optionalKey(Schema.Array(Schema.Record(Schema.String, Schema.Unknown)))
})
export type MeshTrafficPermission = typeof MeshTrafficPermission.Type
