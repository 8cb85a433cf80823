/**
 * The virtual address (VIP) of one service of one mesh. The resource's name is the address: whoever writes it where
 * nothing is has it, so that no two services ever have the same. Given once, and never moved but to what its name
 * led to before; after its service has gone it is kept for a while, as clients remember what they looked up.
 */
import { Schema } from "effect"

export const SERVICE_KINDS = ["MeshService", "MeshExternalService", "MeshMultiZoneService"] as const
export type ServiceKind = (typeof SERVICE_KINDS)[number]

export const isServiceKind = (kind: string): kind is ServiceKind => SERVICE_KINDS.some((one) => one === kind)

export const ServiceAddress = Schema.Struct({
  kind: Schema.Literals(SERVICE_KINDS),
  mesh: Schema.String,
  service: Schema.String,
  /** The address that the service's name led to before this control plane: it goes before one that was chosen. */
  adopted: Schema.optionalKey(Schema.Boolean),
  /** ISO 8601, UTC: since when the service is gone; absent while it is there. */
  releasedAt: Schema.optionalKey(Schema.String)
})
export type ServiceAddress = typeof ServiceAddress.Type
