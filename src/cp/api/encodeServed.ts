/** A resource as the API answers it: of services, what is known of them now stands beside what is stored. */
import { Effect, Option } from "effect"
import { encodeResource } from "../../model/encodeResource.ts"
import { isType, type Resource } from "../../model/Resource.ts"
import type { ServiceKind } from "../../model/ServiceAddress.ts"
import { coreName, type ServiceResource, shortKind } from "../../model/services/serviceNames.ts"
import { StatusReader } from "../services/StatusReader.ts"

export type EncodeServed = (resource: Resource) => Readonly<Record<string, unknown>>

interface Service {
  readonly kind: ServiceKind
  readonly service: ServiceResource
}

/** Null for what isn't called by reference. */
export const asService = (resource: Resource): Service | null => {
  if (isType("MeshService", resource)) return { kind: "MeshService", service: resource }
  if (isType("MeshExternalService", resource)) return { kind: "MeshExternalService", service: resource }
  return isType("MeshMultiZoneService", resource) ? { kind: "MeshMultiZoneService", service: resource } : null
}

const portsOf = (service: ServiceResource): ReadonlyArray<{ readonly port: number; readonly name?: string }> =>
  isType("MeshExternalService", service)
    ? [{ port: service.spec.match.port }]
    : isType("MeshService", service) || isType("MeshMultiZoneService", service) ? service.spec.ports ?? [] : []

/** What a proxy with an identity of its own asks for, by port: Kuma's newer names. */
const snisOf = ({ kind, service }: Service): ReadonlyArray<{ readonly port: number; readonly sni: string }> => {
  const { mesh, name, namespace, zone } = coreName({ kind, resource: service })
  const place = zone === "" ? [] : namespace === "" ? [zone] : [zone, namespace]
  return portsOf(service)
    .map(({ name: section, port }) => ({
      port,
      sni: ["sni", shortKind(kind), mesh, ...place, name, section || String(port)].join(".")
    }))
    .sort((a, b) => a.port - b.port)
}

/** For one request. Without a `StatusReader` there are no statuses. */
export const encodeServed: Effect.Effect<EncodeServed> = Effect.map(
  Effect.serviceOption(StatusReader),
  (reader): EncodeServed => {
    const statuses = Option.isSome(reader) ? reader.value.read() : null
    return (resource) => {
      const found = asService(resource)
      const { spec, ...meta } = encodeResource(resource)
      if (found === null) return encodeResource(resource)
      const snis = snisOf(found)
      const known = statuses?.of(found.service)
      return {
        ...meta,
        ...(snis.length === 0 ? {} : { snis }),
        spec: known?.spec ?? spec,
        ...(known === undefined ? {} : { status: known.status })
      }
    }
  }
)
