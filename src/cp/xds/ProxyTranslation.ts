/** What a translation answers for one proxy. */
import type { Condition } from "../../model/Condition.ts"
import type { ServiceView } from "../snapshot/MeshView.ts"
import type { XdsResource } from "./XdsResource.ts"

/** One cluster of the proxy whose endpoints are a service's. */
export interface ServiceUse {
  readonly mesh: string
  readonly service: string
  /** The assignment as the services are now: the same object for every proxy that has this cluster. */
  readonly assignment: (services: ReadonlyMap<string, ServiceView>) => XdsResource
}

/** All of a proxy's outbounds: the same object for every proxy that calls the same services in the same way. */
export interface OutboundPart {
  readonly resources: ReadonlyArray<XdsResource>
  readonly uses: ReadonlyArray<ServiceUse>
  /** Keys of the destinations of its mesh that it was made of, there or not. */
  readonly reads: ReadonlyArray<string>
  /** What of it can't be called, and why. */
  readonly conditions: ReadonlyArray<Condition>
}

export interface ProxyTranslation {
  /** Clusters, listeners and routes. */
  readonly resources: ReadonlyArray<XdsResource>
  /** What it needs assignments for. */
  readonly uses: ReadonlyArray<ServiceUse>
  /** Keys of the destinations of its mesh that it was made of, there or not. */
  readonly reads: ReadonlyArray<string>
  /** Meshes whose certificate and CA it needs (`identitySecret`, `caSecret`). */
  readonly secretMeshes: ReadonlyArray<string>
  /** What of its resource could not be translated; the rest is. */
  readonly conditions: ReadonlyArray<Condition>
  /**
   * All of `uses`, and what `resources` has for them; null for what isn't a workload's proxy. Whoever keeps the
   * translation keeps this: it is built anew once nobody has it.
   */
  readonly calls: OutboundPart | null
}

export const emptyTranslation: ProxyTranslation = {
  resources: [],
  uses: [],
  reads: [],
  secretMeshes: [],
  conditions: [],
  calls: null
}
