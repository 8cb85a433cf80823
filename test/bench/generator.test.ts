// The simulated sidecar: what it reads by hand is what the generated code writes, and it asks as Envoy does.
import { create, fromBinary, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf"
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt"
import { expect, it } from "vitest"
import { resourceFacts, Type } from "../../bench/mesh/generator/ResourceFacts.ts"
import { Subscriptions } from "../../bench/mesh/generator/Subscriptions.ts"
import type { Variant } from "../../bench/mesh/generator/discovery.ts"
import { Cluster_DiscoveryType, ClusterSchema } from "../../src/cp/proto/envoy/config/cluster/v3/cluster_pb.js"
import { ClusterLoadAssignmentSchema } from "../../src/cp/proto/envoy/config/endpoint/v3/endpoint_pb.js"
import { ListenerSchema } from "../../src/cp/proto/envoy/config/listener/v3/listener_pb.js"
import { RouteConfigurationSchema } from "../../src/cp/proto/envoy/config/route/v3/route_pb.js"
import {
  HttpConnectionManagerSchema
} from "../../src/cp/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js"
import { SecretSchema } from "../../src/cp/proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js"
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema
} from "../../src/cp/proto/envoy/extensions/transport_sockets/tls/v3/tls_pb.js"
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema
} from "../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { TypeUrl } from "../../src/cp/xds/XdsResource.ts"

const typed = <D extends DescMessage>(schema: D, init: MessageInitShape<D>) => ({
  case: "typedConfig" as const,
  value: anyPack(schema, create(schema, init))
})

const commonTlsContext: MessageInitShape<typeof UpstreamTlsContextSchema>["commonTlsContext"] = {
  tlsCertificateSdsSecretConfigs: [{ name: "identity" }],
  validationContextType: {
    case: "combinedValidationContext",
    value: { validationContextSdsSecretConfig: { name: "ca" } }
  }
}

const encoded = <D extends DescMessage>(schema: D, init: MessageInitShape<D>): Buffer =>
  Buffer.from(toBinary(schema, create(schema, init)))

const cluster = encoded(ClusterSchema, {
  name: "kv",
  clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
  edsClusterConfig: { serviceName: "kv-endpoints" },
  connectTimeout: { seconds: 4n, nanos: 5_000_000 },
  transportSocketMatches: [{
    name: "mtls",
    transportSocket: { name: "tls", configType: typed(UpstreamTlsContextSchema, { commonTlsContext }) }
  }]
})
const assignment = encoded(ClusterLoadAssignmentSchema, {
  clusterName: "kv-endpoints",
  endpoints: [{ lbEndpoints: [{}, {}] }, { lbEndpoints: [{}] }]
})
const listener = encoded(ListenerSchema, {
  name: "inbound",
  filterChains: [{
    filters: [{
      name: "http",
      configType: typed(HttpConnectionManagerSchema, {
        routeSpecifier: { case: "rds", value: { routeConfigName: "inbound-routes" } }
      })
    }],
    transportSocket: { name: "tls", configType: typed(DownstreamTlsContextSchema, { commonTlsContext }) }
  }]
})
const route = encoded(RouteConfigurationSchema, { name: "inbound-routes" })
const secret = (name: string): Buffer => encoded(SecretSchema, { name })

it("knows what a cluster, a listener and an assignment name", () => {
  expect(resourceFacts(Type.Cluster, cluster)).toMatchObject({
    name: "kv",
    assignments: ["kv-endpoints"],
    secrets: ["identity", "ca"],
    connectTimeout: 4_005
  })
  expect(resourceFacts(Type.Listener, listener)).toMatchObject({
    name: "inbound",
    routes: ["inbound-routes"],
    secrets: ["identity", "ca"]
  })
  expect(resourceFacts(Type.Endpoint, assignment)).toMatchObject({ name: "kv-endpoints", endpoints: 3 })
})

it("asks for the types that the control plane serves", () => {
  expect(new Set<string>(Object.values(Type))).toEqual(new Set<string>(Object.values(TypeUrl)))
})

const anyOf = (typeUrl: string, value: Buffer) => create(AnySchema, { typeUrl, value })

interface Said {
  readonly type: string
  readonly names: ReadonlyArray<string>
  readonly nonce: string
  readonly node: string | undefined
  readonly initial: Readonly<Record<string, string>>
}

/** A simulated Envoy and what it says, read with the generated code. */
const conversation = (variant: Variant) => {
  const said: Array<Said> = []
  const node = Buffer.from([0x0a, 1, 0x6e])
  const proxy = new Subscriptions(variant, node, (framed) => {
    expect(framed.readUInt32BE(1)).toBe(framed.length - 5)
    const bytes = framed.subarray(5)
    if (variant === "delta") {
      const read = fromBinary(DeltaDiscoveryRequestSchema, bytes)
      const { initialResourceVersions: initial, resourceNamesSubscribe: names, responseNonce: nonce } = read
      said.push({ type: read.typeUrl, names, nonce, node: read.node?.id, initial })
    } else {
      const read = fromBinary(DiscoveryRequestSchema, bytes)
      const { resourceNames: names, responseNonce: nonce, typeUrl: type } = read
      said.push({ type, names, nonce, node: read.node?.id, initial: {} })
    }
  })
  let nonces = 0
  const answer = (typeUrl: TypeUrl, ...given: ReadonlyArray<readonly [string, Buffer]>): void => {
    const nonce = `n${++nonces}`
    const all = given.map(([name, value]) => ({ name, version: `v-${name}`, any: anyOf(typeUrl, value) }))
    proxy.take(
      variant === "delta"
        ? encoded(DeltaDiscoveryResponseSchema, {
          typeUrl,
          nonce,
          resources: all.map(({ any, name, version }) => ({ name, version, resource: any }))
        })
        : encoded(DiscoveryResponseSchema, { typeUrl, nonce, versionInfo: nonce, resources: all.map(({ any }) => any) })
    )
  }
  const next = (): ReadonlyArray<Pick<Said, "type" | "names" | "nonce">> =>
    said.splice(0).map(({ names, nonce, type }) => ({ type: type.slice(type.lastIndexOf(".") + 1), names, nonce }))
  return { proxy, said, answer, next }
}

it.each(["delta", "sotw"] as const)("asks as Envoy does (%s): listeners once the clusters are warm", (variant) => {
  const { answer, next, proxy, said } = conversation(variant)
  const isWhole = (): boolean => proxy.isWhole(() => 3)
  proxy.open()
  expect(said[0]).toMatchObject({ node: "n", names: [] })
  expect(next()).toEqual([{ type: "Cluster", names: [], nonce: "" }])
  answer(TypeUrl.Cluster, ["kv", cluster])
  expect(next()).toEqual([
    { type: "Cluster", names: [], nonce: "n1" },
    { type: "ClusterLoadAssignment", names: ["kv-endpoints"], nonce: "" },
    { type: "Secret", names: ["identity", "ca"], nonce: "" }
  ])
  answer(TypeUrl.ClusterLoadAssignment, ["kv-endpoints", assignment])
  expect(next().map(({ type }) => type)).toEqual(["ClusterLoadAssignment"])
  answer(TypeUrl.Secret, ["identity", secret("identity")], ["ca", secret("ca")])
  expect(next().map(({ type }) => type)).toEqual(["Secret", "Listener"])
  answer(TypeUrl.Listener, ["inbound", listener])
  expect(next().at(-1)).toEqual({ type: "RouteConfiguration", names: ["inbound-routes"], nonce: "" })
  expect(isWhole()).toBe(false)
  answer(TypeUrl.RouteConfiguration, ["inbound-routes", route])
  expect(isWhole()).toBe(true)
  expect(proxy.isWhole(() => 4)).toBe(false)
})

/** Serves: one cluster is there, warm, and a listener. */
const serving = (variant: Variant) => {
  const talk = conversation(variant)
  talk.proxy.open()
  talk.answer(TypeUrl.Cluster, ["kv", cluster])
  talk.answer(TypeUrl.ClusterLoadAssignment, ["kv-endpoints", assignment])
  talk.answer(TypeUrl.Secret, ["identity", secret("identity")], ["ca", secret("ca")])
  talk.answer(TypeUrl.Listener, ["inbound", listener])
  talk.next()
  return talk
}

const another = (name: string) => encoded(ClusterSchema, {
  name,
  clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
  edsClusterConfig: { serviceName: name }
})
const assignmentOf = (name: string) => encoded(ClusterLoadAssignmentSchema, { clusterName: name })

it.each([["delta", ["n5", "n6"]], ["sotw", ["n6"]]] as const)(
  "answers clusters as Envoy does (%s): once those that are new to it have their assignments",
  (variant, answered) => {
    const { answer, next } = serving(variant)
    const clusters = () => next().filter(({ type }) => type === "Cluster").map(({ nonce }) => nonce)
    answer(TypeUrl.Cluster, ["kv", cluster], ["a", another("a")])
    answer(TypeUrl.Cluster, ["kv", cluster], ["a", another("a")], ["b", another("b")])
    answer(TypeUrl.ClusterLoadAssignment, ["a", assignmentOf("a")])
    expect(clusters()).toEqual([])
    answer(TypeUrl.ClusterLoadAssignment, ["b", assignmentOf("b")])
    expect(clusters()).toEqual(answered)
    answer(TypeUrl.Cluster, ["kv", cluster], ["a", another("a")], ["b", another("b")])
    expect(clusters()).toEqual(["n9"])
  }
)

it("waits for no assignment of a cluster that has gone meanwhile", () => {
  const { answer, next } = serving("sotw")
  answer(TypeUrl.Cluster, ["kv", cluster], ["a", another("a")])
  answer(TypeUrl.Cluster, ["kv", cluster])
  expect(next().filter(({ type }) => type === "Cluster").map(({ nonce }) => nonce)).toEqual(["n6"])
})

it("asks on a new stream for no clusters as long as those of the one before wait for their assignments", () => {
  const { answer, next, proxy } = serving("delta")
  answer(TypeUrl.Cluster, ["a", another("a")])
  next()
  proxy.open()
  expect(next().map(({ type }) => type)).toEqual(["ClusterLoadAssignment", "Listener", "RouteConfiguration", "Secret"])
  answer(TypeUrl.ClusterLoadAssignment, ["a", assignmentOf("a")])
  expect(next().filter(({ type }) => type === "Cluster")).toEqual([{ type: "Cluster", names: [], nonce: "" }])
})

it("says on a new stream what it has, and is whole when clusters and listeners are answered", () => {
  const { answer, proxy, said } = conversation("delta")
  proxy.open()
  answer(TypeUrl.Cluster, ["kv", cluster])
  answer(TypeUrl.ClusterLoadAssignment, ["kv-endpoints", assignment])
  answer(TypeUrl.Secret, ["identity", secret("identity")], ["ca", secret("ca")])
  answer(TypeUrl.Listener, ["inbound", listener])
  answer(TypeUrl.RouteConfiguration, ["inbound-routes", route])
  said.splice(0)
  proxy.open()
  expect(said.map(({ initial, names }) => ({ names, initial }))).toEqual([
    { names: [], initial: { kv: "v-kv" } },
    { names: ["kv-endpoints"], initial: { "kv-endpoints": "v-kv-endpoints" } },
    { names: [], initial: { inbound: "v-inbound" } },
    { names: ["inbound-routes"], initial: { "inbound-routes": "v-inbound-routes" } },
    { names: ["identity", "ca"], initial: { identity: "v-identity", ca: "v-ca" } }
  ])
  expect(said.map(({ node }) => node)).toEqual(["n", "", "", "", ""].map((id) => id || undefined))
  expect(proxy.isWhole(() => 3)).toBe(false)
  answer(TypeUrl.Cluster)
  expect(proxy.isWhole(() => 3)).toBe(false)
  answer(TypeUrl.Listener)
  expect(proxy.isWhole(() => 3)).toBe(true)
})

it("is whole on a new stream of the other variant before clusters and listeners, which needn't be told again", () => {
  const { answer, proxy } = conversation("sotw")
  proxy.open()
  answer(TypeUrl.Cluster, ["kv", cluster])
  answer(TypeUrl.ClusterLoadAssignment, ["kv-endpoints", assignment])
  answer(TypeUrl.Secret, ["identity", secret("identity")], ["ca", secret("ca")])
  answer(TypeUrl.Listener, ["inbound", listener])
  answer(TypeUrl.RouteConfiguration, ["inbound-routes", route])
  proxy.open()
  answer(TypeUrl.ClusterLoadAssignment, ["kv-endpoints", assignment])
  answer(TypeUrl.Secret, ["identity", secret("identity")], ["ca", secret("ca")])
  expect(proxy.isWhole(() => 3)).toBe(false)
  answer(TypeUrl.RouteConfiguration, ["inbound-routes", route])
  expect(proxy.isWhole(() => 3)).toBe(true)
})

it("refuses what it can't read", () => {
  const { answer, said } = conversation("delta")
  expect(() => answer(TypeUrl.Cluster, ["kv", Buffer.from([0x0a, 9])])).toThrow("longer than its message")
  expect(said).toHaveLength(1)
})
