/**
 * Which destinations a Dataplane calls by reference: its outbounds with a `backendRef`, and where it has all of them
 * bound to their virtual addresses, those that it may reach. Receives the mesh's view; reads no endpoints.
 */
import type { BackendRef } from "../../model/Dataplane.ts"
import type { Resource } from "../../model/Resource.ts"
import { isIpv4 } from "../../model/isIpAddress.ts"
import { byAge } from "../../model/order.ts"
import { SERVICE_KINDS } from "../../model/ServiceAddress.ts"
import { serviceName } from "../../model/services/serviceNames.ts"
import { recordOf } from "../../model/validate/backends.ts"
import { type Destination, findPort } from "../snapshot/Destination.ts"
import type { MeshView } from "../snapshot/MeshView.ts"

/** What an outbound leads to: keys of the view's destinations and services. */
export interface Backend {
  readonly destination: string
  readonly service: string
  readonly port: number
}

/** Why nothing is called where something was named; the message goes on after the words of where. */
export interface Unresolved {
  readonly reason: "BackendMissing" | "BackendPortMissing"
  readonly message: string
}

export type Resolved = { readonly backend: Backend } | Unresolved

/** Labels that something must have to be meant. */
export type WantedLabels = Readonly<Record<string, string>>

export const hasLabels = (wanted: WantedLabels, { labels }: Pick<Destination, "labels">): boolean =>
  Object.entries(wanted).every(([label, value]) => labels[label] === value)

const isEmpty = (labels: Readonly<Record<string, string>> | undefined): boolean =>
  labels === undefined || Object.keys(labels).length === 0

/** Those that a reference names, by name or by labels; the oldest first. */
export const named = (
  view: MeshView,
  { kind, labels, name }: Pick<BackendRef, "kind" | "labels" | "name">
): ReadonlyArray<readonly [string, Destination]> => {
  if (labels === undefined || isEmpty(labels)) {
    const key = serviceName(kind, name ?? "")
    const destination = view.destinations.get(key)
    return destination === undefined ? [] : [[key, destination]]
  }
  return [...view.destinations]
    .filter(([, one]) => one.kind === kind && hasLabels(labels, one))
    .sort(([, a], [, b]) => byAge(a, b))
}

const words = ({ kind, labels, name }: Pick<BackendRef, "kind" | "labels" | "name">): string =>
  labels === undefined || isEmpty(labels)
    ? `${kind} "${name ?? ""}"`
    : `${kind} with the labels ${JSON.stringify(labels)}`

const backendMissing = (ref: Pick<BackendRef, "kind" | "labels" | "name">): Unresolved => ({
  reason: "BackendMissing",
  message: `names the ${words(ref)}, which isn't there: create it or name another`
})

const portMissing = (
  ref: Pick<BackendRef, "kind" | "labels" | "name">,
  port: string | number | undefined,
  { ports }: Destination
): Unresolved => ({
  reason: "BackendPortMissing",
  message: `names the port ${port ?? ""} of the ${words(ref)}, which has ${ports.map((one) => one.port).join(", ")}`
})

/** Of several with the labels it is the oldest: that a newer one comes moves no traffic. */
export const resolveRef = (view: MeshView, ref: BackendRef): Resolved => {
  const [found] = named(view, ref)
  if (found === undefined) return backendMissing(ref)
  const [destination, one] = found
  const port = ref.port === undefined && one.external !== null
    ? one.ports[0]
    : one.ports.find(({ port }) => port === ref.port)
  return port === undefined
    ? portMissing(ref, ref.port, one)
    : { backend: { destination, service: port.service, port: port.port } }
}

interface ReachableRef {
  readonly kind: string
  readonly name: string
  readonly port: string | number | undefined
  readonly labels: Readonly<Record<string, string>>
}

export const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(recordOf(value)).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : []))
  )

/** A number, or as protobuf's wrapper has it. */
const portOf = (value: unknown): string | number | undefined => {
  const plain = typeof value === "object" && value !== null ? recordOf(value)["value"] : value
  return typeof plain === "number" || typeof plain === "string" ? plain : undefined
}

/** Null where it says nothing of what it may reach. */
const reachableRefs = ({ spec }: Resource<"Dataplane">): ReadonlyArray<ReachableRef> | null => {
  const given = spec.networking?.transparentProxying?.["reachableBackends"]
  if (given === undefined || given === null) return null
  const refs = recordOf(given)["refs"]
  return (Array.isArray(refs) ? refs : []).map((item) => {
    const ref = recordOf(item)
    const [kind, name] = [ref["kind"], ref["name"]]
    return {
      kind: typeof kind === "string" ? kind : "",
      name: typeof name === "string" ? name : "",
      port: portOf(ref["port"]),
      labels: textsOf(ref["labels"])
    }
  })
}

const hasReachableServices = ({ spec }: Resource<"Dataplane">): boolean => {
  const services = spec.networking?.transparentProxying?.["reachableServices"]
  return Array.isArray(services) && services.length > 0
}

const backendsOf = (key: string, { ports }: Destination): ReadonlyArray<Backend> =>
  ports.map(({ port, service }) => ({ destination: key, service, port }))

/** Ordered by kind, then name. */
export const everyBackend = (view: MeshView): ReadonlyArray<Backend> =>
  [...view.destinations]
    .sort(([a, one], [b, other]) =>
      SERVICE_KINDS.indexOf(one.kind) - SERVICE_KINDS.indexOf(other.kind) || (a < b ? -1 : 1))
    .flatMap(([key, destination]) => backendsOf(key, destination))

/** What a proxy that has them bound may reach by its own words. */
export interface Reachable {
  readonly backends: ReadonlyArray<Backend>
  /** Of each reference that leads nowhere. */
  readonly unresolved: ReadonlyArray<Unresolved>
}

const NOTHING: Reachable = { backends: [], unresolved: [] }

/** A port that isn't there leaves nothing to reach: all of them would be more than was asked for. */
const reach = (view: MeshView, ref: ReachableRef): Reachable => {
  const { labels, port } = ref
  const found = named(view, ref)
  const [first] = found
  // What is picked by labels may well be nothing yet.
  if (first === undefined) return isEmpty(labels) ? { backends: [], unresolved: [backendMissing(ref)] } : NOTHING
  if (port === undefined) return { backends: found.flatMap(([key, one]) => backendsOf(key, one)), unresolved: [] }
  const backends = found.flatMap(([key, one]) => {
    const its = findPort(one, port)
    return its === undefined ? [] : [{ destination: key, service: its.service, port: its.port }]
  })
  return { backends, unresolved: backends.length === 0 ? [portMissing(ref, port, first[1])] : [] }
}

/** What a proxy that has them bound may reach: all, as Kuma has it, or those that it names. */
export const reachableBackends = (view: MeshView, dataplane: Resource<"Dataplane">): "all" | Reachable => {
  const refs = reachableRefs(dataplane)
  if (refs === null) {
    const mode = view.resource?.spec.meshServices?.mode
    return hasReachableServices(dataplane) || mode === "ReachableBackends" ? NOTHING : "all"
  }
  const reached = refs.map((ref) => reach(view, ref))
  const found = new Map(reached.flatMap(({ backends }) => backends).map((backend) => [backend.service, backend]))
  return { backends: [...found.values()], unresolved: reached.flatMap(({ unresolved }) => unresolved) }
}

/** What else of the mesh's destinations a Dataplane depends on, beside those that it calls. */
export interface BackendReads {
  /** It is to be told of each destination that comes or goes. */
  readonly all: boolean
  /** It listens on their virtual addresses. */
  readonly addresses: boolean
  /** Keys of those that it names. */
  readonly named: ReadonlyArray<string>
  /** The labels by which it picks some. */
  readonly picked: ReadonlyArray<WantedLabels>
}

export const backendReads = (dataplane: Resource<"Dataplane">, bindOutbounds: boolean): BackendReads => {
  const refs = (dataplane.spec.networking?.outbound ?? []).flatMap(({ backendRef }) => backendRef ?? [])
  const reachable = bindOutbounds ? reachableRefs(dataplane) ?? [] : []
  return {
    all: bindOutbounds,
    addresses: bindOutbounds,
    named: refs.filter(({ labels }) => isEmpty(labels)).map(({ kind, name }) => serviceName(kind, name ?? "")),
    picked: [...refs, ...reachable].flatMap(({ labels = {} }) => (isEmpty(labels) ? [] : [labels]))
  }
}

/** A process may listen there without anything being set up on its host. */
export const isLoopbackAddress = (address: string): boolean => isIpv4(address) && address.startsWith("127.")
