/** Where the connections to a service go. Kuma's `MeshTCPRoute`. */
import { Schema } from "effect"
import { BackendRef } from "./BackendRef.ts"
import { TargetRef } from "./TargetRef.ts"

export const TcpRouteConf = Schema.Struct({ backendRefs: Schema.optionalKey(Schema.Array(BackendRef)) })
export type TcpRouteConf = typeof TcpRouteConf.Type

export const MeshTCPRoute = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({ targetRef: TargetRef, rules: Schema.Array(Schema.Struct({ default: TcpRouteConf })) })
    )
  )
})
export type MeshTCPRoute = typeof MeshTCPRoute.Type
