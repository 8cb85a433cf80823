/**
 * What an outbound leads to, with all that its cluster and its listener are made of: a service by its tags, a
 * destination by reference, or something outside of the mesh by either.
 */
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import { type Destination, destinationCluster, destinationSni } from "../snapshot/Destination.ts"
import type { ExternalBackend } from "../snapshot/ExternalBackend.ts"
import { externalKey } from "../snapshot/MeshDestinations.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { type Protocol, readProtocol } from "../snapshot/Protocol.ts"
import { serviceClusterName } from "./names.ts"
import type { ResolvedOutbound } from "./outbounds.ts"
import type { Callee } from "./policies/Callee.ts"
import { tagsMatch } from "./policies/selection.ts"

/** One of several that stand for the same service, told apart by `name`. */
export interface OutsideInput {
  readonly name: string
  readonly tags: Tags
  readonly backend: ExternalBackend
}

export interface Callable {
  /** As policies and statistics call it. */
  readonly service: string
  /** As access logs call it. */
  readonly displayName: string
  readonly cluster: string
  /** Stand in the listener's metadata. */
  readonly tags: Tags
  readonly protocol: Protocol
  /** Key of its endpoints among the mesh's services; null where they stand in the cluster. */
  readonly endpoints: string | null
  /** Its proxies' certificates name one of these services; undefined: `service`. */
  readonly identities?: ReadonlyArray<string>
  readonly sni?: string
  readonly outside: ReadonlyArray<OutsideInput> | null
  /** Destinations, beside its endpoints, that this was made of. */
  readonly reads: ReadonlyArray<string>
  /** As policies pick it. */
  readonly callee: Callee
}

const ofDestination = (
  key: string,
  destination: Destination,
  port: number,
  endpoints: string
): Callable | undefined => {
  const found = destination.ports.find((one) => one.port === port)
  if (found === undefined) return undefined
  const cluster = destinationCluster(destination, port)
  const { external, identities } = destination
  return {
    service: destination.kind === "MeshService" ? destination.core.name : cluster,
    displayName: destination.core.name,
    cluster,
    tags: { [SERVICE_TAG]: cluster },
    protocol: found.protocol,
    endpoints: external === null ? endpoints : null,
    identities,
    sni: destinationSni(destination, port),
    outside: external === null ? null : [{ name: destination.name, tags: {}, backend: external }],
    reads: [key],
    callee: {
      service: cluster,
      resource: {
        kind: destination.kind,
        name: destination.name,
        labels: destination.labels,
        sections: [found.name, String(found.port)]
      }
    }
  }
}

/** Undefined where what it named has gone meanwhile. */
export const callableOf = (
  view: MeshView,
  { backend, tags }: Pick<ResolvedOutbound, "tags" | "backend">
): Callable | undefined => {
  if (backend !== undefined) {
    const destination = view.destinations.get(backend.destination)
    return destination === undefined
      ? undefined
      : ofDestination(backend.destination, destination, backend.port, backend.service)
  }
  const service = tags[SERVICE_TAG] ?? ""
  const cluster = serviceClusterName(tags)
  const callee: Callee = { service, resource: null }
  const outside = (view.externalServices.get(service) ?? []).filter((one) => tagsMatch(tags, one.tags))
  if (outside.length === 0) {
    const protocol = view.services.get(service)?.protocol ?? "tcp"
    return {
      service, displayName: service, cluster, tags, protocol, endpoints: service, outside: null, reads: [], callee
    }
  }
  return {
    service,
    displayName: service,
    cluster,
    tags,
    protocol: readProtocol(outside[0]?.tags["kuma.io/protocol"] ?? "tcp"),
    endpoints: null,
    outside: outside.map(({ backend: one, resource, tags: its }) => ({ name: resource, tags: its, backend: one })),
    reads: [externalKey(service)],
    callee
  }
}

/** Why it can't be called, or undefined. */
export const problemOf = ({ outside }: Callable): string | undefined =>
  outside?.flatMap(({ backend, name }) => (backend.problem === null ? [] : `${name}: ${backend.problem}`))[0]
