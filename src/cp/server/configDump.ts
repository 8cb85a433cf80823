/**
 * What a proxy has, in the shape of Envoy's own `/config_dump`, from what this control plane sent it and what it
 * answered. Receives an open stream; produces plain data. Keys of certificates never get here: of a secret only what
 * is public is read. What Envoy has from elsewhere (its bootstrap) isn't in it.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/config_dump_shared.proto
 */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf"
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import { renderAsEnvoy } from "../xds/renderAsEnvoy.ts"
import { TypeUrl, type XdsResource } from "../xds/XdsResource.ts"
import type { ProxyStream } from "./ProxyStream.ts"
import { knownOf } from "./Subscription.ts"

/** `ACKED`: accepted. `REQUESTED`: sent, and not answered yet. `NACKED`: refused. */
type ClientStatus = "ACKED" | "REQUESTED" | "NACKED"

interface Held {
  readonly name: string
  readonly version: string
  /** Null where only the proxy has it: it brought it from another stream, and is to have another by now. */
  readonly resource: XdsResource | null
  readonly status: ClientStatus
}

export type Rejections = NonNullable<DataplaneInsight["rejections"]>

type Dumped = Pick<ProxyStream, "snapshot" | "subscriptions">

/** All that a proxy was sent of one type, ordered by name. */
const heldOf = ({ snapshot, subscriptions }: Dumped, typeUrl: TypeUrl): ReadonlyArray<Held> => {
  const subscription = subscriptions.get(typeUrl)
  if (subscription === undefined) return []
  const names = new Set([...subscription.seen.keys(), ...subscription.pending.keys()])
  const unanswered = new Set(subscription.unanswered.flatMap(({ resources }) => resources.map(({ name }) => name)))
  return [...names].sort().flatMap((name): ReadonlyArray<Held> => {
    const known = knownOf(subscription, name)
    if (known === null) return []
    const { version } = known
    const newest = snapshot?.get(typeUrl)?.get(name)
    // Equal versions mean equal content.
    const resource = known.resource ?? (newest?.version === version ? newest : null)
    const isRejected = subscription.pending.get(name)?.rejected?.version === version
    const status = isRejected ? "NACKED" : unanswered.has(name) ? "REQUESTED" : "ACKED"
    return [{ name, version, resource, status }]
  })
}

const DUMP = "type.googleapis.com/envoy.admin.v3"

type Dumping = Required<Pick<DumpOptions, "rejections" | "render">>

/** Without what isn't known. */
const present = (fields: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined)
  )

/** `field`: under which a resource stands. */
const dynamic = (held: Held, typeUrl: TypeUrl, field: string, { rejections, render }: Dumping): JsonObject => {
  const configured = held.resource === null ? undefined : render(held.resource)
  if (held.status !== "NACKED") {
    return present({ version_info: held.version, [field]: configured, client_status: held.status })
  }
  const rejection = rejections.find((one) => one.typeUrl === typeUrl)
  return {
    error_state: present({
      failed_configuration: configured,
      last_update_attempt: rejection?.time,
      details: rejection?.message,
      version_info: held.version
    }),
    client_status: held.status
  }
}

const named = (held: Held, entry: JsonObject): JsonObject => ({ name: held.name, ...entry })

/** A listener's parts stand apart: what serves, what waits to, what was refused. */
const listener = (held: Held, dumping: Dumping): JsonObject => {
  const { client_status, error_state, ...state } = dynamic(held, TypeUrl.Listener, "listener", dumping)
  const place = held.status === "REQUESTED" ? "warming_state" : "active_state"
  return present({
    name: held.name,
    [place]: held.status === "NACKED" ? undefined : state,
    error_state,
    client_status
  })
}

/** Those that are with the proxy, and those of which it hasn't said yet whether it takes them. */
const apart = (all: ReadonlyArray<Held>, active: string, warming: string, encode: (held: Held) => JsonObject) => {
  const lists = {
    [active]: all.filter(({ status }) => status !== "REQUESTED").map(encode),
    [warming]: all.filter(({ status }) => status === "REQUESTED").map(encode)
  }
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}

export interface DumpOptions {
  readonly includeEndpoints: boolean
  /** The proxy's last refusals, as its insight has them. */
  readonly rejections: Rejections
  /** Of what was rendered before. */
  readonly render?: (resource: XdsResource) => JsonObject
}

/** Everything that a dump shows; it may take long to render. */
export const dumpedResources = (stream: Dumped, { includeEndpoints }: Pick<DumpOptions, "includeEndpoints">) =>
  [...stream.subscriptions.keys()]
    .filter((typeUrl) => includeEndpoints || typeUrl !== TypeUrl.ClusterLoadAssignment)
    .flatMap((typeUrl) => heldOf(stream, typeUrl).flatMap(({ resource }) => resource ?? []))

export const configDump = (
  stream: Dumped,
  { includeEndpoints, rejections, render = renderAsEnvoy }: DumpOptions
): JsonObject => {
  const dumping = { rejections, render }
  const of = (typeUrl: TypeUrl) => heldOf(stream, typeUrl)
  const each = (typeUrl: TypeUrl, field: string) =>
    of(typeUrl).map((held) => dynamic(held, typeUrl, field, dumping))
  const secret = (held: Held) => named(held, dynamic(held, TypeUrl.Secret, "secret", dumping))
  return {
    configs: [
      {
        "@type": `${DUMP}.ClustersConfigDump`,
        ...apart(of(TypeUrl.Cluster), "dynamic_active_clusters", "dynamic_warming_clusters", (held) =>
          dynamic(held, TypeUrl.Cluster, "cluster", dumping))
      },
      ...(includeEndpoints
        ? [{
          "@type": `${DUMP}.EndpointsConfigDump`,
          dynamic_endpoint_configs: each(TypeUrl.ClusterLoadAssignment, "endpoint_config")
        }]
        : []),
      {
        "@type": `${DUMP}.ListenersConfigDump`,
        dynamic_listeners: of(TypeUrl.Listener).map((held) => listener(held, dumping))
      },
      { "@type": `${DUMP}.ScopedRoutesConfigDump` },
      {
        "@type": `${DUMP}.RoutesConfigDump`,
        dynamic_route_configs: each(TypeUrl.RouteConfiguration, "route_config")
      },
      {
        "@type": `${DUMP}.SecretsConfigDump`,
        ...apart(of(TypeUrl.Secret), "dynamic_active_secrets", "dynamic_warming_secrets", secret)
      }
    ]
  }
}
