/** What the resources of one mesh mean together: plain data that Envoy's configuration is translated from. */
import type { Policies } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import type { Tags } from "../../model/Tags.ts"
import type { Destination } from "./Destination.ts"
import type { LegacyExternal } from "./ExternalBackend.ts"
import type { Protocol } from "./Protocol.ts"

/** One healthy inbound that answers for a service: the same object for as long as its inbound says the same. */
export interface Endpoint {
  /** Name of its Dataplane. */
  readonly dataplane: string
  readonly address: string
  readonly port: number
  /** `kuma.io/zone`, or null where it has none. */
  readonly zone: string | null
  /** All of the inbound's tags. */
  readonly tags: Tags
  /** Envoy's: used while all of a lower one are gone; 0 where absent. */
  readonly priority?: number
}

/** A service as its Dataplanes make it up. The object is replaced whenever anything in it changes. */
export interface ServiceView {
  readonly name: string
  /** Of all its inbounds, healthy or not: a service keeps its protocol while its instances come and go. */
  readonly protocol: Protocol
  /** Ordered by Dataplane, then port. */
  readonly endpoints: ReadonlyArray<Endpoint>
}

/** Kept true in place by `MeshViews`: read it at once, hold on to nothing of it. */
export interface MeshView {
  readonly mesh: string
  /** Null while resources name a mesh that isn't there: nothing is translated then. */
  readonly resource: Resource<"Mesh"> | null
  readonly dataplanes: ReadonlyMap<string, Resource<"Dataplane">>
  /** By their value of `kuma.io/service`; ports of destinations by their key (`portKey`), which holds a slash. */
  readonly services: ReadonlyMap<string, ServiceView>
  /** What is called by reference, by `serviceName`. */
  readonly destinations: ReadonlyMap<string, Destination>
  /** ExternalServices, by their value of `kuma.io/service`. */
  readonly externalServices: ReadonlyMap<string, ReadonlyArray<LegacyExternal>>
  /** Virtual addresses of destinations, by `serviceName`. */
  readonly addresses: ReadonlyMap<string, string>
  /** Counts the changes of `destinations`, `externalServices` and `addresses`. */
  readonly revision: number
  /** Port of each service's outbound, by service. */
  readonly outboundPorts: ReadonlyMap<string, number>
  readonly policies: Policies
}

/** Everything a proxy may need, zone proxies included: they serve every mesh. */
export interface ZoneView {
  readonly meshes: ReadonlyMap<string, MeshView>
  readonly ingresses: ReadonlyMap<string, Resource<"ZoneIngress">>
  readonly egresses: ReadonlyMap<string, Resource<"ZoneEgress">>
}
