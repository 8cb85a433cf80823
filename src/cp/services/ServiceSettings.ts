/** How services are generated and addressed. */
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import type { AddressRange } from "./AddressRange.ts"

export interface ServiceSettings {
  /** False: MeshServices are made by users alone. */
  readonly generates: boolean
  /** How long a generated MeshService outlives its last Dataplane. */
  readonly graceMillis: number
  readonly ranges: Readonly<Record<ServiceKind, AddressRange>>
  /** How long the address of a service that has gone is given to nobody else. */
  readonly holdMillis: number
  /** Whether the HostnameGenerators that Kuma begins with are made at start. */
  readonly makesGenerators: boolean
}
