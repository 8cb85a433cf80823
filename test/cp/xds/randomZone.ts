/**
 * Random zones for property tests. Most of everything is the same, so that proxies often differ in one thing only:
 * that is where what is shared by mistake comes to light.
 */
import fc from "fast-check"
import type { NodeWords, TranslateSettings } from "../../../src/cp/xds/TranslateSettings.ts"
import type { RouteRule } from "../../../src/model/MeshHTTPRoute.ts"
import type { RetryConf } from "../../../src/model/MeshRetry.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import type { TargetRef } from "../../../src/model/TargetRef.ts"
import { resource } from "../snapshot/resources.ts"

export const MESHES = ["default", "other"]
export const SERVICES = ["a", "b", "c"]
const DATAPLANES = ["d1", "d2", "d3", "d4"]

/** The first, now and then another. */
const mostly = <T>(first: T, ...others: ReadonlyArray<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(first), weight: 5 }, { arbitrary: fc.constantFrom(...others), weight: 1 })

const mesh = mostly("default", "other")
const service = mostly("a", "b", "c")
const address = mostly("10.0.0.1", "10.0.0.2", "127.0.0.1")
const port = mostly(8_080, 80, 10_001)
const duration = fc.constantFrom("1s", "2s", "0s")
/** Now and then. */
const maybe = <T>(of: fc.Arbitrary<T>) => fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 4 },
  { arbitrary: of, weight: 1 }
)
const often = <T>(of: fc.Arbitrary<T>) => fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 1 },
  { arbitrary: of, weight: 3 }
)

/** Without the fields that are undefined: absent is what resources have. */
const given = <T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T

const tags = fc.record({
  service,
  protocol: fc.constantFrom("http", "tcp", "grpc"),
  version: maybe(fc.constantFrom("v1", "v2"))
}).map((one) => given<Record<string, string>>({
  "kuma.io/service": one.service,
  "kuma.io/protocol": one.protocol,
  version: one.version
}))

const inbound = fc.record({
  port,
  servicePort: maybe(fc.constantFrom(5_000, 5_001)),
  address: maybe(address),
  serviceAddress: maybe(address),
  tags,
  health: fc.record({ ready: fc.boolean() }),
  state: maybe(fc.constantFrom("Ready", "NotReady", "Ignored"))
}).map(given)

const outbound = fc.record({
  port: mostly(10_001, 10_002, 10_003),
  address: maybe(address),
  tags: fc.record({ service, version: maybe(fc.constantFrom("v1", "*")) }).map((one) =>
    given<Record<string, string>>({ "kuma.io/service": one.service, version: one.version })
  )
}).map(given)

const labels = fc.record({
  "ecs-mesh.io/outbounds": often(fc.constant("all")),
  "ecs-mesh.io/outbound-address": maybe(fc.constant("task")),
  "ecs-mesh.io/last-resort": maybe(fc.constant("true")),
  "ecs-mesh.io/listen-8080": often(mostly("32768", "32769")),
  team: maybe(fc.constantFrom("red", "blue"))
}).map((one) => given<Record<string, string>>(one))

const dataplane = fc.record({
  mesh,
  name: fc.constantFrom(...DATAPLANES),
  labels,
  address,
  inbounds: fc.oneof(
    { arbitrary: fc.tuple(inbound), weight: 4 },
    { arbitrary: fc.array(inbound, { maxLength: 2 }), weight: 1 }
  ),
  outbounds: fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    { arbitrary: fc.array(outbound, { maxLength: 3 }), weight: 1 }
  ),
  admin: maybe(fc.constantFrom(9_901, 9_903)),
  gateway: maybe(fc.record({ type: mostly("DELEGATED", "BUILTIN"), tags }))
}).map(({ admin, gateway, inbounds, outbounds, ...one }) =>
  resource("Dataplane", one.mesh, one.name, {
    networking: given({
      address: one.address,
      inbound: inbounds,
      outbound: outbounds,
      admin: admin === undefined ? undefined : { port: admin },
      gateway
    })
  } as Resource<"Dataplane">["spec"], one.labels)
)

const targetRef: fc.Arbitrary<TargetRef> = fc.oneof(
  fc.constant({ kind: "Mesh" }),
  service.map((name) => ({ kind: "MeshService", name })),
  fc.constantFrom("v1", "v2").map((version) => ({ kind: "MeshSubset", tags: { version } }))
)

const policyRef: fc.Arbitrary<TargetRef> = fc.oneof(
  targetRef,
  fc.constantFrom(...DATAPLANES).map((name) => ({ kind: "Dataplane", name })),
  fc.constantFrom("red", "blue").map((team) => ({ kind: "Dataplane", labels: { team } })),
  fc.constant<TargetRef>({ kind: "Mesh", proxyTypes: ["Gateway"] })
)

const timeouts = fc.record({
  connectionTimeout: maybe(duration),
  idleTimeout: maybe(duration),
  http: often(fc.record({ requestTimeout: often(duration), streamIdleTimeout: maybe(duration) }).map(given))
}).map(given)

const rules = <T>(of: fc.Arbitrary<T>) =>
  fc.array(fc.record({ targetRef, default: of }), { minLength: 1, maxLength: 2 })

const meshTimeout = fc.record({
  mesh,
  name: fc.constantFrom("t1", "t2"),
  targetRef: policyRef,
  to: rules(timeouts),
  from: rules(timeouts)
}).map(({ mesh: of, name, ...spec }) => resource("MeshTimeout", of, name, spec as Resource<"MeshTimeout">["spec"]))

const permission = fc.record({
  mesh,
  name: fc.constantFrom("p1", "p2"),
  targetRef: policyRef,
  from: rules(fc.record({ action: fc.constantFrom("Allow", "Deny", "AllowWithShadowDeny") }))
}).map(({ mesh: of, name, ...spec }) =>
  resource("MeshTrafficPermission", of, name, spec as Resource<"MeshTrafficPermission">["spec"])
)

const retry = fc.record({
  mesh,
  name: fc.constantFrom("r1", "r2"),
  targetRef: policyRef,
  to: rules(fc.constantFrom<RetryConf>({ http: { numRetries: 1 } }, { http: { retryOn: ["5xx"] } }, { tcp: { maxConnectAttempt: 1 } }))
}).map(({ mesh: of, name, ...spec }) => resource("MeshRetry", of, name, spec))

const breaker = fc.record({
  mesh,
  name: fc.constantFrom("b1", "b2"),
  targetRef: policyRef,
  to: rules(fc.constantFrom({ connectionLimits: { maxRequests: 1 } }, { outlierDetection: { disabled: true } })),
  from: rules(fc.constant({ connectionLimits: { maxRequests: 2 } }))
}).map(({ mesh: of, name, ...spec }) => resource("MeshCircuitBreaker", of, name, spec))

const backendRefs = fc.array(
  fc.record({ kind: fc.constant("MeshServiceSubset"), name: service, tags: fc.constantFrom({}, { version: "v1" }), weight: fc.nat(1) }),
  { maxLength: 2 }
)

const routeTo = <R>(rule: fc.Arbitrary<R>) => ({
  mesh,
  name: fc.constantFrom("h1", "h2"),
  targetRef: policyRef,
  to: fc.array(
    fc.record({ targetRef: service.map((name) => ({ kind: "MeshService", name })), rules: fc.array(rule, { maxLength: 2 }) }),
    { minLength: 1, maxLength: 2 }
  )
})

const httpRoute = fc.record(routeTo(fc.record({
  matches: fc.constantFrom<RouteRule["matches"]>([{ path: { type: "PathPrefix", value: "/" } }], [{ method: "GET" }]),
  default: fc.record({ backendRefs })
}))).map(({ mesh: of, name, ...spec }) => resource("MeshHTTPRoute", of, name, spec))

const tcpRoute = fc.record(routeTo(fc.record({ default: fc.record({ backendRefs }) })))
  .map(({ mesh: of, name, ...spec }) => resource("MeshTCPRoute", of, name, spec))

const aMesh = fc.record({ name: mesh, mode: mostly("STRICT", "PERMISSIVE", null) }).map(({ mode, name }) =>
  resource("Mesh", "", name, mode === null ? {} : {
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin", mode: mode as "STRICT" }] }
  })
)

const outboundPort = fc.record({ mesh, service, port: fc.constantFrom(10_001, 10_002, 10_003, 8_080) }).map((one) =>
  resource("OutboundPort", one.mesh, one.service, { port: one.port })
)

const zoneProxy = fc.record({
  type: mostly("ZoneIngress", "ZoneEgress"),
  name: fc.constantFrom("z1", "z2"),
  zone: mostly("far", "default", "farther"),
  address,
  port,
  services: fc.array(fc.record({ mesh, service }), { minLength: 1, maxLength: 3 })
}).map((one): Resource => {
  const networking = { address: one.address, port: one.port }
  if (one.type === "ZoneEgress") return resource("ZoneEgress", "", one.name, { zone: one.zone, networking })
  return resource("ZoneIngress", "", one.name, {
    zone: one.zone,
    networking: { ...networking, advertisedAddress: one.address, advertisedPort: one.port },
    availableServices: one.services.map((available) => ({
      mesh: available.mesh,
      tags: { "kuma.io/service": available.service },
      instances: 1
    }))
  })
})

/** One resource as it is from now on. */
export const anyResource: fc.Arbitrary<Resource> = fc.oneof(
  { arbitrary: dataplane, weight: 5 },
  { arbitrary: meshTimeout, weight: 2 },
  { arbitrary: permission, weight: 2 },
  { arbitrary: retry, weight: 1 },
  { arbitrary: breaker, weight: 1 },
  { arbitrary: httpRoute, weight: 1 },
  { arbitrary: tcpRoute, weight: 1 },
  { arbitrary: aMesh, weight: 2 },
  { arbitrary: outboundPort, weight: 3 },
  { arbitrary: zoneProxy, weight: 2 }
)

const place = fc.record({ address, port: fc.constantFrom(9_901, 9_902) })

const words: fc.Arbitrary<NodeWords> = fc.record({
  proxy: fc.constantFrom(...DATAPLANES, null),
  source: mostly("a", "b", null)
})

export const anySettings: fc.Arbitrary<TranslateSettings> = fc.record({
  zone: fc.constant("default"),
  accessLogPath: fc.constantFrom(null, "/dev/stdout", "/var/log/calls"),
  admin: fc.option(place, { freq: 1 }),
  readiness: fc.option(place, { freq: 1 }),
  node: maybe(words)
}).map(({ node, ...settings }) => (node === undefined ? settings : { ...settings, node }))

/** Every proxy that there may be. */
export const PROXIES: ReadonlyArray<ProxyId> = [
  ...MESHES.flatMap((of) => DATAPLANES.map((name): ProxyId => ({ proxyType: "dataplane", mesh: of, name }))),
  ...["z1", "z2"].flatMap((name): ReadonlyArray<ProxyId> => [
    { proxyType: "ingress", mesh: "", name },
    { proxyType: "egress", mesh: "", name }
  ])
]
