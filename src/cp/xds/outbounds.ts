/**
 * Which services a Dataplane reaches, and on which of its addresses: its own list, then one for every service. Proxies
 * with the same outbounds get the same array, so that what is made of it can be made once.
 */
import type { Condition } from "../../model/Condition.ts"
import { OUTBOUND_ADDRESS_LABEL, OUTBOUNDS_LABEL } from "../../model/dataplaneLabels.ts"
import type { Resource } from "../../model/Resource.ts"
import { SERVICE_TAG, type Tags } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import {
  type Backend,
  everyBackend,
  isLoopbackAddress,
  type Reachable,
  reachableBackends,
  resolveRef
} from "./backends.ts"
import { Shared } from "./share/Shared.ts"

const LOOPBACK = "127.0.0.1"

export interface ResolvedOutbound {
  readonly address: string
  readonly port: number
  /** `kuma.io/service`, and whatever else an endpoint must have; none where it is called by reference. */
  readonly tags: Tags
  readonly backend?: Backend
}

export type OutboundList = ReadonlyArray<ResolvedOutbound>

export interface Outbounds {
  readonly outbounds: OutboundList
  /** What was asked for and can't be had. */
  readonly conditions: ReadonlyArray<Condition>
}

/** The ports of a mesh's outbounds, as they were when they were last looked at. */
interface EveryService {
  readonly ports: ReadonlyArray<readonly [service: string, port: number]>
  /** By service, at an address that every proxy's host has. */
  readonly atLoopback: OutboundList
  /** The addresses of those. */
  readonly addresses: ReadonlySet<string>
}

const unsupported = (reason: string, message: string): Condition => ({
  type: "OutboundsTranslated",
  status: "False",
  reason,
  message
})

const at = ({ address, port }: { readonly address: string; readonly port: number }): string => `${address}|${port}`

const itself = (outbounds: OutboundList): OutboundList => outbounds

const byService = (a: readonly [string, number], b: readonly [string, number]): number => (a[0] < b[0] ? -1 : 1)

const outboundsAt = (address: string, ports: EveryService["ports"]): OutboundList =>
  [...ports].sort(byService).map(([service, port]) => ({ address, port, tags: { [SERVICE_TAG]: service } }))

/** Where the proxy's own inbounds listen, and where its workload does. */
const takenAddresses = ({ spec: { networking } }: Resource<"Dataplane">): ReadonlySet<string> => {
  const own = networking?.address ?? LOOPBACK
  return new Set(
    (networking?.inbound ?? []).flatMap((inbound) => {
      const address = inbound.address || own
      const port = inbound.servicePort || inbound.port
      return [at({ address, port: inbound.port }), at({ address: inbound.serviceAddress || address, port })]
    })
  )
}

const resolve = (
  view: MeshView,
  dataplane: Resource<"Dataplane">,
  everyService: EveryService | null,
  bound: BoundBackends | null
): Outbounds => {
  const networking = dataplane.spec.networking
  const conditions: Array<Condition> = []
  const outbounds = new Map<string, ResolvedOutbound>()
  const taken = takenAddresses(dataplane)

  const add = (outbound: ResolvedOutbound, what: string): void => {
    const key = at(outbound)
    if (taken.has(key) || outbounds.has(key)) {
      const message = `${what} would listen on ${outbound.address}:${outbound.port}, which is taken: change its port`
      conditions.push(unsupported("AddressTaken", message))
    } else {
      outbounds.set(key, outbound)
    }
  }

  for (const [index, outbound] of (networking?.outbound ?? []).entries()) {
    const what = `networking.outbound[${index}]`
    const service = outbound.tags?.[SERVICE_TAG]
    if (outbound.backendRef !== undefined) {
      const resolved = resolveRef(view, outbound.backendRef)
      if ("backend" in resolved) {
        add({ address: outbound.address || LOOPBACK, port: outbound.port, tags: {}, backend: resolved.backend }, what)
      } else conditions.push(unsupported(resolved.reason, `${what}.backendRef ${resolved.message}`))
    } else if (outbound.tags === undefined || service === undefined || service === "") {
      conditions.push(unsupported("ServiceMissing", `${what}.tags lacks ${SERVICE_TAG}: add it`))
    } else {
      add({ address: outbound.address || LOOPBACK, port: outbound.port, tags: outbound.tags }, what)
    }
  }

  if (everyService !== null) {
    const ofTask = dataplane.labels[OUTBOUND_ADDRESS_LABEL] === "task"
    const reached = new Set([...outbounds.values()].filter((one) => Object.keys(one.tags).length === 1)
      .map((one) => one.tags[SERVICE_TAG]))
    const all = ofTask ? outboundsAt(networking?.address ?? LOOPBACK, everyService.ports) : everyService.atLoopback
    for (const outbound of all) {
      const service = outbound.tags[SERVICE_TAG]
      if (!reached.has(service)) add(outbound, `the outbound of ${service}`)
    }
  }
  if (bound !== null) {
    conditions.push(...bound.conditions)
    for (const outbound of bound.outbounds) add(outbound, `the outbound of ${outbound.backend?.service ?? ""}`)
  }
  return { outbounds: [...outbounds.values()], conditions }
}

/** The destinations that a proxy has bound, each on its virtual address. */
interface BoundBackends {
  /** All that there are, not those that it names: which of the two is also the mesh's to say. */
  readonly everything: boolean
  readonly outbounds: OutboundList
  readonly conditions: ReadonlyArray<Condition>
}

const unbindableOf = (count: number, example: string): Condition =>
  unsupported(
    "AddressUnbindable",
    `${count} destinations (${example}) have virtual addresses that no host has: set ` +
      "KUMA_IPAM_MESH_SERVICE_CIDR, KUMA_IPAM_MESH_EXTERNAL_SERVICE_CIDR and " +
      "KUMA_IPAM_MESH_MULTI_ZONE_SERVICE_CIDR of the control plane to networks within 127.0.0.0/8"
  )

/** `reachable`: null for all that there are. */
const bind = (view: MeshView, reachable: Reachable | null): BoundBackends => {
  const outbounds: Array<ResolvedOutbound> = []
  const unbindable = new Set<string>()
  for (const backend of reachable?.backends ?? everyBackend(view)) {
    const address = view.addresses.get(backend.destination)
    if (address === undefined) continue
    if (isLoopbackAddress(address)) outbounds.push({ address, port: backend.port, tags: {}, backend })
    else unbindable.add(backend.destination)
  }
  const [example] = unbindable
  return {
    everything: reachable === null,
    outbounds,
    conditions: [
      ...(reachable?.unresolved ?? []).map(({ message, reason }) =>
        unsupported(reason, `reachableBackends ${message}`)),
      ...(example === undefined ? [] : [unbindableOf(unbindable.size, example)])
    ]
  }
}

/** Most proxies have one outbound for each service, at the loopback address, and nothing in its way. */
const hasJustThose = ({ addresses, ports }: EveryService, dataplane: Resource<"Dataplane">): boolean =>
  dataplane.labels[OUTBOUND_ADDRESS_LABEL] !== "task" && (dataplane.spec.networking?.outbound ?? []).length === 0 &&
  addresses.size === ports.length && [...takenAddresses(dataplane)].every((address) => !addresses.has(address))

export class OutboundLists {
  readonly #lists = new Shared<OutboundList>()
  readonly #everyService = new WeakMap<MeshView, EveryService>()
  /** Of each Dataplane as it is: its resource is replaced when anything in it changes. */
  readonly #resolved = new WeakMap<
    Resource<"Dataplane">,
    {
      readonly everyService: EveryService | null
      /** Of the view's destinations; null where none is called. */
      readonly revision: number | null
      readonly bound: BoundBackends | null
      readonly outbounds: Outbounds
    }
  >()
  /** What the proxies have bound that may reach everything. */
  readonly #everyBackend = new WeakMap<MeshView, { readonly revision: number; readonly bound: BoundBackends }>()

  of(view: MeshView, dataplane: Resource<"Dataplane">, bindOutbounds = false): Outbounds {
    const bound = bindOutbounds ? this.#bound(view, dataplane) : null
    const refers = (dataplane.spec.networking?.outbound ?? []).some(({ backendRef }) => backendRef !== undefined)
    const revision = refers || bindOutbounds ? view.revision : null
    const everyService = dataplane.labels[OUTBOUNDS_LABEL] === "all" ? this.#portsOf(view) : null
    const before = this.#resolved.get(dataplane)
    if (
      before !== undefined && before.everyService === everyService && before.revision === revision &&
      before.bound?.everything === bound?.everything
    ) return before.outbounds
    const after = everyService !== null && bound === null && hasJustThose(everyService, dataplane)
      ? { outbounds: everyService.atLoopback, conditions: [] }
      : this.#resolve(view, dataplane, everyService, bound)
    this.#resolved.set(dataplane, { everyService, revision, bound, outbounds: after })
    return after
  }

  #bound(view: MeshView, dataplane: Resource<"Dataplane">): BoundBackends {
    const reachable = reachableBackends(view, dataplane)
    if (reachable !== "all") return bind(view, reachable)
    const before = this.#everyBackend.get(view)
    if (before?.revision === view.revision) return before.bound
    const bound = bind(view, null)
    this.#everyBackend.set(view, { revision: view.revision, bound })
    return bound
  }

  #resolve(
    view: MeshView,
    dataplane: Resource<"Dataplane">,
    everyService: EveryService | null,
    bound: BoundBackends | null
  ): Outbounds {
    const { conditions, outbounds } = resolve(view, dataplane, everyService, bound)
    return { conditions, outbounds: this.#lists.of(itself, outbounds) }
  }

  /** The same object while no port is another: the view is changed in place. */
  #portsOf(view: MeshView): EveryService {
    const before = this.#everyService.get(view)
    if (before !== undefined && samePorts(before.ports, view.outboundPorts)) return before
    const ports = [...view.outboundPorts]
    const atLoopback = outboundsAt(LOOPBACK, ports)
    const after = { ports, atLoopback, addresses: new Set(atLoopback.map(at)) }
    this.#everyService.set(view, after)
    return after
  }
}

const samePorts = (before: EveryService["ports"], now: ReadonlyMap<string, number>): boolean => {
  if (before.length !== now.size) return false
  let index = 0
  for (const [service, port] of now) {
    const known = before[index++]
    if (known === undefined || known[0] !== service || known[1] !== port) return false
  }
  return true
}
