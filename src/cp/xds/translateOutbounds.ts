/**
 * Clusters and listeners of a list of outbounds, and what assignments they need. Proxies that call the same services
 * in the same way have all of this in common.
 */
import { type BackendRef, picksByLabels } from "../../model/BackendRef.ts"
import type { Condition } from "../../model/Condition.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { isHttp } from "../snapshot/Protocol.ts"
import type { CallerLog } from "./accessLog.ts"
import { type Callable, callableOf, problemOf } from "./Callable.ts"
import { collectorResource } from "./cluster/collector.ts"
import { externalCluster, hasHostnames } from "./cluster/external.ts"
import { outboundCluster } from "./cluster/outbound.ts"
import { pickedBy } from "./DestinationReaders.ts"
import { serviceUse } from "./endpoint/serviceUse.ts"
import { outboundListener } from "./listener/outbound.ts"
import { collectorCluster, collectorsOf } from "./logging/AccessLogger.ts"
import type { LogSpeaker } from "./logging/LogSpeaker.ts"
import type { OutboundList, ResolvedOutbound } from "./outbounds.ts"
import type { CallPolicies, CallRoute } from "./policies/CallPolicies.ts"
import { tagsMatch } from "./policies/selection.ts"
import { callLoggers } from "./policies/MeshAccessLog.ts"
import { clusterTimeouts, listenerTimeouts, routeTimeouts } from "./policies/MeshTimeout.ts"
import type { OutboundPart, ServiceUse } from "./ProxyTranslation.ts"
import type { OutboundRoute, WeightedCluster } from "./route/outbound.ts"
import { type Leading, leadingTo } from "./routeBackends.ts"
import { samePart } from "./samePart.ts"
import { onceFor } from "./share/onceFor.ts"
import type { Shared } from "./share/Shared.ts"
import { WeakValues } from "./share/WeakValues.ts"
import type { XdsResource } from "./XdsResource.ts"

/** How a proxy calls, whatever it calls. */
export interface Calling {
  readonly mtls: boolean
  readonly policies: CallPolicies
  readonly log: CallerLog | null
  /** Null where no policy has its calls written down. */
  readonly speaker: LogSpeaker | null
  readonly zoneEgress: boolean
  readonly systemCaPath: string
}

/** All that goes into a part and isn't in its key: the same object, or the same word, while nothing of it is another. */
const inputOf = (view: MeshView, { backend, tags }: Leading): unknown => {
  if (backend !== undefined) return view.destinations.get(backend.destination)
  const service = tags[SERVICE_TAG] ?? ""
  const outside = view.externalServices.get(service)
  // Those with other tags than are asked for stand in nobody's place.
  return outside?.some((one) => tagsMatch(tags, one.tags)) === true ? outside : view.services.get(service)?.protocol
}

const cantCall = (outbound: ResolvedOutbound, reason: string, message: string): Condition => ({
  type: "OutboundsTranslated",
  status: "False",
  reason,
  message: `what ${outbound.address}:${outbound.port} leads to can't be called: ${message}`
})

const isMissing = (view: MeshView, { backend }: Leading): boolean =>
  backend !== undefined && (backend.service === "" || !view.destinations.has(backend.destination))

const missing = (outbound: ResolvedOutbound, { kind = "", labels, name, port, sectionName }: BackendRef): Condition => {
  const what = name === undefined ? `with the labels ${JSON.stringify(labels)}` : `"${name}"`
  const section = sectionName ?? port
  return {
    type: "OutboundsTranslated",
    status: "False",
    reason: "RouteBackendMissing",
    message: `a route of ${outbound.address}:${outbound.port} names the ${kind} ${what}` +
      `${section === undefined ? "" : ` and its port ${section}`}, which isn't there: create it or name another`
  }
}

/** What comes together while a list of outbounds is translated. */
interface Gathered {
  readonly resources: Array<XdsResource>
  /** Names of those that are there already: several outbounds and routes may lead to one. */
  readonly clusters: Set<string>
  readonly uses: Array<ServiceUse>
  readonly reads: Set<string>
  readonly conditions: Array<Condition>
  /** All that was looked at, and what it was. */
  readonly inputs: Array<readonly [look: () => unknown, seen: unknown]>
}

export class OutboundParts {
  readonly #resources: Shared<XdsResource>
  readonly #uses: Shared<ServiceUse>
  readonly #parts = onceFor((_: OutboundList) => onceFor((_: CallPolicies) => new WeakValues<OutboundPart>()))
  /** What each part was made of. */
  readonly #inputs = new WeakMap<OutboundPart, Gathered["inputs"]>()

  constructor(resources: Shared<XdsResource>, uses: Shared<ServiceUse>) {
    this.#resources = resources
    this.#uses = uses
  }

  /** The same object while nothing in it is another. */
  of(view: MeshView, outbounds: OutboundList, calling: Calling): OutboundPart {
    const known = this.#parts(outbounds)(calling.policies)
    const { log, mtls, speaker, systemCaPath, zoneEgress } = calling
    const key = JSON.stringify([view.mesh, mtls, log, speaker, zoneEgress, systemCaPath])
    const before = known.get(key)
    if (before !== undefined && this.#isCurrent(before)) return before
    const gathered: Gathered = {
      resources: [], clusters: new Set(), uses: [], reads: new Set(), conditions: [], inputs: []
    }
    for (const outbound of outbounds) this.#translate(view, outbound, calling, gathered)
    const { conditions, inputs, reads, resources, uses } = gathered
    const made: OutboundPart = { resources, uses, reads: [...reads], conditions }
    // A label that says nothing of it may be another: whoever has the part shares it with the others still.
    const after = before !== undefined && samePart(before, made) ? before : made
    this.#inputs.set(after, inputs)
    known.set(key, after)
    return after
  }

  #isCurrent(part: OutboundPart): boolean {
    return (this.#inputs.get(part) ?? []).every(([look, seen]) => seen === look())
  }

  #translate(view: MeshView, outbound: ResolvedOutbound, calling: Calling, gathered: Gathered): void {
    const callable = this.#reach(view, outbound, outbound, calling, gathered)
    if (callable === null) return
    const { address, backend, port } = outbound
    const { callee, cluster, displayName, outside, protocol, service, tags } = callable
    const { httpRoutes, logs, retry, tcpBackends, timeouts } = calling.policies.of(callee)
    const clusterOf = (ref: BackendRef) => {
      const picked = (): string | undefined => leadingTo(view, ref).backend?.destination
      if (picksByLabels(ref)) {
        gathered.reads.add(pickedBy(ref.labels ?? {}))
        gathered.inputs.push([picked, picked()])
      }
      const leading = leadingTo(view, ref)
      const reached = this.#reach(view, leading, outbound, calling, gathered)
      if (reached === null && isMissing(view, leading)) gathered.conditions.push(missing(outbound, ref))
      return reached
    }
    const routes = httpRoutes !== null && isHttp(protocol)
      ? httpRoutes.map((route) => routeTo(route, callable, clusterOf))
      : null
    const weighted = tcpBackends === null || routes !== null ? null : clustersOf(tcpBackends, clusterOf)
    const { conditions, loggers } = callLoggers(calling.speaker, {
      destination: displayName,
      http: isHttp(protocol) && weighted === null,
      logs,
      routes: routes === null ? null : httpRoutes
    })
    gathered.conditions.push(...conditions.filter((one) => !gathered.conditions.includes(one)))
    for (const collector of collectorsOf(loggers)) {
      if (gathered.clusters.has(collectorCluster(collector))) continue
      gathered.clusters.add(collectorCluster(collector))
      gathered.resources.push(this.#resources.of(collectorResource, collector))
    }
    gathered.resources.push(this.#resources.of(outboundListener, {
      mesh: view.mesh,
      address,
      port,
      tags,
      ...(backend === undefined && outside === null ? {} : { named: { service, cluster } }),
      protocol,
      timeouts: { ...listenerTimeouts(timeouts), ...routeTimeouts(timeouts) },
      retry,
      routes,
      connections: weighted === null ? null : weighted.clusters.length === 0 ? NOWHERE : weighted.clusters,
      ...(rewrites(callable) ? { rewritesHost: true } : {}),
      log: calling.log,
      ...(loggers.length === 0 ? {} : { loggers })
    }))
  }

  /** Brings along the cluster and its endpoints; null where it can't be called, or isn't there. */
  #reach(
    view: MeshView,
    leading: Leading,
    outbound: ResolvedOutbound,
    calling: Calling,
    { clusters, conditions, inputs, reads, resources, uses }: Gathered
  ): Callable | null {
    const look = (): unknown => inputOf(view, leading)
    inputs.push([look, look()])
    if (leading.backend !== undefined) reads.add(leading.backend.destination)
    const callable = callableOf(view, leading)
    if (callable === undefined) return null
    for (const read of callable.reads) reads.add(read)
    const problem = problemOf(callable)
    if (problem !== undefined) {
      conditions.push(cantCall(outbound, "ExternalUnreadable", problem))
      return null
    }
    if (callable.outside !== null && calling.zoneEgress) {
      conditions.push(cantCall(outbound, "ZoneEgressUnsupported", "the mesh's routing.zoneEgress asks for external " +
        "services to be called through a zone egress, which isn't supported yet: unset it"))
      return null
    }
    if (clusters.has(callable.cluster)) return callable
    clusters.add(callable.cluster)
    resources.push(this.#clusterOf(view.mesh, leading, callable, calling))
    if (callable.endpoints !== null) {
      const endpoints = { clusterName: callable.cluster, tags: leading.tags }
      uses.push(this.#uses.of(serviceUse, { mesh: view.mesh, service: callable.endpoints, endpoints }))
    }
    return callable
  }

  #clusterOf(
    mesh: string,
    { backend, tags }: Leading,
    { callee, cluster, identities = [], outside, protocol, service, sni = "" }: Callable,
    { mtls, policies, systemCaPath }: Calling
  ): XdsResource {
    const { confs, timeouts } = policies.of(callee)
    const input = { protocol, timeouts: clusterTimeouts(timeouts), confs }
    if (outside !== null) return this.#resources.of(externalCluster, { ...input, name: cluster, outside, systemCaPath })
    // A service that nobody stands for yet is known by its own name.
    const known = identities.length === 0 ? [service] : identities
    return this.#resources.of(outboundCluster, {
      ...input, mesh, mtls, tags, ...(backend === undefined ? {} : { named: { cluster, identities: known, sni } })
    })
  }
}

/** Of a cluster that is never there: who is sent there is refused. */
const NOWHERE: ReadonlyArray<WeightedCluster> = [{ cluster: "no-backend", weight: 1 }]

const rewrites = ({ outside }: Callable): boolean => outside !== null && hasHostnames(outside)

/** Those with a weight that are there. */
const clustersOf = (refs: ReadonlyArray<BackendRef>, clusterOf: (ref: BackendRef) => Callable | null) => {
  const reached = refs.filter(({ weight }) => weight > 0).flatMap((ref) => {
    const callable = clusterOf(ref)
    return callable === null ? [] : [{ callable, weight: ref.weight }]
  })
  return {
    clusters: reached.map(({ callable: { cluster }, weight }): WeightedCluster => ({ cluster, weight })),
    reached: reached.map(({ callable }) => callable)
  }
}

const routeTo = (
  { backendRefs, filters, ...route }: CallRoute,
  itself: Callable,
  clusterOf: (ref: BackendRef) => Callable | null
): OutboundRoute => {
  const isItself = backendRefs.length === 0
  const { clusters, reached } = clustersOf(backendRefs, clusterOf)
  const mirrors = filters.map(({ requestMirror, type }) =>
    type === "RequestMirror" && requestMirror !== undefined ? clusterOf(requestMirror.backendRef) : undefined)
  return {
    ...route,
    // What can't be mirrored isn't; the request itself goes on.
    filters: filters.filter((_, index) => mirrors[index] !== null),
    clusters: isItself ? [{ cluster: itself.cluster, weight: 1 }] : clusters,
    mirrors: mirrors.flatMap((mirror) => mirror?.cluster ?? []),
    rewritesHost: (isItself ? [itself] : reached).some(rewrites)
  }
}
