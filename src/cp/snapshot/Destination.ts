/**
 * A service that a proxy calls by reference: all of it but its endpoints. What of it is called by number is a
 * `ServiceView` of its own, under a key that no tag can be.
 */
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { type CoreName, GRACE_LABEL, type ServiceResource, shortKind } from "../../model/services/serviceNames.ts"
import type { ExternalBackend } from "./ExternalBackend.ts"
import type { Protocol } from "./Protocol.ts"

export interface DestinationPort {
  readonly port: number
  readonly name: string
  readonly protocol: Protocol
  /** Key of its endpoints among the mesh's services. */
  readonly service: string
}

export interface Destination {
  readonly kind: ServiceKind
  /** Of the resource. */
  readonly name: string
  readonly core: CoreName
  /** Those by which it may be picked. */
  readonly labels: Readonly<Record<string, string>>
  readonly creationTime: string
  /** Ordered as they are listed. */
  readonly ports: ReadonlyArray<DestinationPort>
  /** Values of `kuma.io/service` that its proxies' certificates may name, ordered. */
  readonly identities: ReadonlyArray<string>
  /** How the other end is reached where it isn't of the mesh. */
  readonly external: ExternalBackend | null
}

/** Any of the changes of a destination that its callers hear of; `key` as of `serviceName`. */
export interface DestinationChange {
  readonly mesh: string
  readonly key: string
  readonly before: Destination | undefined
  readonly after: Destination | undefined
}

/** No value of a tag holds a slash. */
export const portKey = (destination: string, port: number): string => `${destination}/${port}`

export const readableLabels = ({ labels }: ServiceResource): Readonly<Record<string, string>> => {
  const { [GRACE_LABEL]: _, ...others } = labels
  return others
}

/** By the name of a port, or by its number. */
export const findPort = ({ ports }: Destination, wanted: string | number): DestinationPort | undefined =>
  ports.find(({ name, port }) => String(port) === String(wanted) || name === String(wanted))

/** As Kuma names it: `default_kv__zone-1_msvc_15050`. */
export const destinationCluster = ({ core, kind }: Destination, port: number): string =>
  [core.mesh, core.name, core.namespace, core.zone, shortKind(kind), port].join("_")

const SNI_KIND = { MeshService: "ms", MeshExternalService: "mes", MeshMultiZoneService: "mzms" } as const

const FNV_OFFSET = 0xcbf29ce484222325n
const FNV_PRIME = 0x100000001b3n

/** http://www.isthe.com/chongo/tech/comp/fnv/ */
const fnv64a = (text: string): string => {
  let hash = FNV_OFFSET
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME)
  return hash.toString(16).padStart(16, "0")
}

const dnsLabel = (text: string): string => (text.length > 62 ? `${text.slice(0, 62)}x` : text)

/** What a proxy asks for, so that a zone proxy can tell where it wants to go. */
export const destinationSni = (destination: Destination, port: number): string => {
  const { core, kind } = destination
  const name = kind === "MeshService" && destination.labels["kuma.io/origin"] !== "global"
    ? destination.name
    : kind === "MeshService" && core.namespace !== "" ? `${core.name}.${core.namespace}` : core.name
  return `a${fnv64a(`${name};${core.mesh};`)}.${dnsLabel(name)}.${port}.${dnsLabel(core.mesh)}.${SNI_KIND[kind]}`
}
