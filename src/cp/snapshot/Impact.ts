/**
 * What one batch of changes did to the views, in the views' own terms: what there was before and is now. Who depends
 * on which of it is for those to say who read it.
 */
import type { Policy } from "../../model/policies.ts"
import type { Resource, ResourceKey } from "../../model/Resource.ts"
import type { DestinationChange } from "./Destination.ts"
import type { Endpoint, ServiceView } from "./MeshView.ts"

/** A resource before and after; undefined where it wasn't there, or isn't any more. */
export interface Replaced<R> {
  readonly before: R | undefined
  readonly after: R | undefined
}

export interface PolicyChange extends Replaced<Policy> {
  readonly mesh: string
}

export interface ProxyChange<R> extends Replaced<R> {
  readonly mesh: string
  readonly name: string
}

/** A service that came, went, or has other endpoints or another protocol. */
export interface ServiceChange extends Replaced<ServiceView> {
  readonly mesh: string
  readonly name: string
}

export interface Impact {
  /** Meshes whose Mesh says something else, came or went. */
  readonly meshes: ReadonlySet<string>
  readonly policies: ReadonlyArray<PolicyChange>
  /** Meshes with another OutboundPort than before. */
  readonly outboundPorts: ReadonlySet<string>
  readonly services: ReadonlyArray<ServiceChange>
  readonly destinations: ReadonlyArray<DestinationChange>
  /** Meshes in which a destination has another virtual address. */
  readonly addresses: ReadonlySet<string>
  readonly dataplanes: ReadonlyArray<ProxyChange<Resource<"Dataplane">>>
  readonly ingresses: ReadonlyArray<ProxyChange<Resource<"ZoneIngress">>>
  readonly egresses: ReadonlyArray<ProxyChange<Resource<"ZoneEgress">>>
  /** Meshes of which a Secret of an authority changed: trust and certificates may be others. */
  readonly secrets: ReadonlySet<string>
  /** What couldn't be read; the views have of it what they had before. */
  readonly unread: ReadonlyArray<Unread>
}

export interface Unread {
  readonly key: ResourceKey
  readonly error: unknown
}

/** Whether nothing that anybody reads is another. */
export const isEmpty = (impact: Impact): boolean =>
  impact.meshes.size === 0 && impact.policies.length === 0 && impact.outboundPorts.size === 0 &&
  impact.services.length === 0 && impact.dataplanes.length === 0 && impact.ingresses.length === 0 &&
  impact.egresses.length === 0 && impact.secrets.size === 0 && impact.destinations.length === 0 &&
  impact.addresses.size === 0

/** Whether it has all the endpoints that it had, and had some: whoever calls it can do without the others for a moment. */
export const hasGrown = ({ after, before }: ServiceChange): boolean => {
  if (before === undefined || after === undefined || before.endpoints.length === 0) return false
  // What nothing changed in is the same object.
  const endpoints = new Set(after.endpoints)
  return before.endpoints.every((endpoint) => endpoints.has(endpoint))
}

const placeOf = ({ dataplane, port }: Endpoint): string => `${dataplane}:${port}`

/** Whether an endpoint isn't there any more. */
export const hasLost = ({ after, before }: ServiceChange): boolean => {
  const places = new Set(after?.endpoints.map(placeOf))
  return before?.endpoints.some((endpoint) => !places.has(placeOf(endpoint))) ?? false
}
