/**
 * What a simulated sidecar must know of a resource: what it names, as Envoy would ask for that next, and the few values
 * by which a change is recognised. The same bytes are looked into once a process, however many proxies get them.
 */
import { hash } from "node:crypto"
import { eachField, numberOf, textsAt, valuesAt } from "./protobuf.ts"

export const Type = {
  Cluster: "type.googleapis.com/envoy.config.cluster.v3.Cluster",
  Endpoint: "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
  Listener: "type.googleapis.com/envoy.config.listener.v3.Listener",
  Route: "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
  Secret: "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
} as const

export interface ResourceFacts {
  readonly name: string
  /** Names of the assignments, routes and secrets that it can't do without. */
  readonly assignments: ReadonlyArray<string>
  readonly routes: ReadonlyArray<string>
  readonly secrets: ReadonlyArray<string>
  /** Of an assignment. */
  readonly endpoints: number
  /** Of a cluster, in milliseconds. */
  readonly connectTimeout: number
}

/** CommonTlsContext: certificates' secrets 6, the validation's 7, or combined 8 and in it 2; each one's name is 1. */
const TLS_SECRETS = [[6, 1], [7, 1], [8, 2, 1]]

/** TransportSocket: typed_config 3, an Any; its value 2 is a TLS context, up- or downstream, the common one in 1. */
const secretsOf = (sockets: ReadonlyArray<Buffer>): ReadonlyArray<string> =>
  sockets.flatMap((socket) => valuesAt(socket, [3, 2, 1])).flatMap((context) =>
    TLS_SECRETS.flatMap((path) => textsAt(context, path))
  )

const EDS = 3

const clusterFacts = (bytes: Buffer, name: string): Partial<ResourceFacts> => {
  const [timeout] = valuesAt(bytes, [4])
  const [service = name] = textsAt(bytes, [3, 2]).filter((text) => text !== "")
  return {
    assignments: numberOf(bytes, 2) === EDS ? [service] : [],
    secrets: secretsOf([...valuesAt(bytes, [24]), ...valuesAt(bytes, [43, 3])]),
    connectTimeout: timeout === undefined ? 0 : numberOf(timeout, 1) * 1_000 + numberOf(timeout, 2) / 1e6
  }
}

const HTTP = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

const listenerFacts = (bytes: Buffer): Partial<ResourceFacts> => {
  const chains = [...valuesAt(bytes, [3]), ...valuesAt(bytes, [25])]
  const routes = chains.flatMap((chain) => valuesAt(chain, [3, 4])).flatMap((config) => {
    let typeUrl = ""
    let value: Buffer = Buffer.alloc(0)
    eachField(config, (field, part) => {
      if (field === 1) typeUrl = String(part)
      if (field === 2 && typeof part !== "number") value = part
    })
    return typeUrl.endsWith(HTTP) ? textsAt(value, [3, 2]) : []
  })
  return { routes, secrets: secretsOf(chains.flatMap((chain) => valuesAt(chain, [6]))) }
}

const factsOf = (typeUrl: string, bytes: Buffer): ResourceFacts => {
  // Clusters, assignments, listeners, routes and secrets all have their name in field 1.
  const [name = ""] = textsAt(bytes, [1])
  const none = { name, assignments: [], routes: [], secrets: [], endpoints: 0, connectTimeout: 0 }
  switch (typeUrl) {
    case Type.Cluster:
      return { ...none, ...clusterFacts(bytes, name) }
    case Type.Listener:
      return { ...none, ...listenerFacts(bytes) }
    case Type.Endpoint:
      return { ...none, endpoints: valuesAt(bytes, [2, 2]).length }
    default:
      return none
  }
}

const seen = new Map<string, ResourceFacts>()

export const resourceFacts = (typeUrl: string, bytes: Buffer): ResourceFacts => {
  // A secret's bytes are its proxy's alone: to keep them by their hash would only cost memory.
  if (typeUrl === Type.Secret) return factsOf(typeUrl, bytes)
  const key = hash("sha1", bytes, "base64")
  const known = seen.get(key)
  if (known !== undefined) return known
  const facts = factsOf(typeUrl, bytes)
  seen.set(key, facts)
  return facts
}
