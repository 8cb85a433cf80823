/** Services of several zones under one name. Kuma's `MeshMultiZoneService`. */
import { Schema } from "effect"
import { LabelSelector } from "./LabelSelector.ts"
import { AppProtocol } from "./MeshService.ts"

export const MeshMultiZoneServicePort = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  port: Schema.Number,
  appProtocol: AppProtocol
})
export type MeshMultiZoneServicePort = typeof MeshMultiZoneServicePort.Type

export const MeshMultiZoneService = Schema.Struct({
  selector: Schema.Struct({ meshService: LabelSelector }),
  ports: Schema.Array(MeshMultiZoneServicePort)
})
export type MeshMultiZoneService = typeof MeshMultiZoneService.Type
