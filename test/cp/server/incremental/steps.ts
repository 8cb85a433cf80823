/**
 * What may happen to a small mesh, drawn at random: writes of every kind of resource that translations read, and of
 * some that they don't. Names are few, so that writes meet.
 */
import fc from "fast-check"
import type { Inbound, Outbound } from "../../../../src/model/Dataplane.ts"
import type { RouteConf, RouteFilter } from "../../../../src/model/MeshHTTPRoute.ts"
import type { HttpRetry } from "../../../../src/model/MeshRetry.ts"
import { certificateSecretName } from "../../../../src/model/ownSecret.ts"
import { type PolicyType, policyTypes } from "../../../../src/model/policies.ts"
import type { ProxyId } from "../../../../src/model/ProxyType.ts"
import type { DesiredResource, ResourceKey, SpecByType } from "../../../../src/model/Resource.ts"
import type { TargetRef } from "../../../../src/model/TargetRef.ts"

export type Step =
  | { readonly _tag: "Put"; readonly resource: DesiredResource }
  | { readonly _tag: "Label"; readonly key: ResourceKey; readonly label: string; readonly value: string | null }
  | { readonly _tag: "Health"; readonly key: ResourceKey; readonly inbound: number; readonly said: Partial<Inbound> }
  | { readonly _tag: "Touch"; readonly key: ResourceKey }
  | { readonly _tag: "Remove"; readonly key: ResourceKey }
  | { readonly _tag: "Follow"; readonly proxy: ProxyId; readonly readiness: number; readonly binds?: boolean }
  | { readonly _tag: "Unfollow"; readonly proxy: ProxyId }
  /** What was written until now comes as one batch. */
  | { readonly _tag: "Batch" }
  /** One turn of the event loop. */
  | { readonly _tag: "Turn" }
  /** Nothing is left to do, and all certificates are there. */
  | { readonly _tag: "Settle" }

export const name = <const N extends string>(...names: ReadonlyArray<N>) => fc.constantFrom(...names)
const sometimes = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const mostly = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined, freq: 5 })

/** Without the keys whose value is undefined, as JSON has it. */
const record = <A extends object>(model: { readonly [K in keyof A]: fc.Arbitrary<A[K] | undefined> }) =>
  fc.record<{ [K in keyof A]: A[K] | undefined }>(model).map((value): A => JSON.parse(JSON.stringify(value)))

const services = ["a", "b", "c", "nowhere"] as const
const service = name(...services)

const meshName = fc.oneof({ weight: 4, arbitrary: fc.constant("default") }, { weight: 1, arbitrary: fc.constant("other") })

const dataplaneKey = fc.oneof(
  { weight: 5, arbitrary: name("d1", "d2", "d3", "d4").map((one) => ({ mesh: "default", name: one })) },
  { weight: 1, arbitrary: fc.constant({ mesh: "other", name: "d1" }) }
)

const inbound: fc.Arbitrary<Inbound> = record<Inbound>({
  port: name("8080", "8081").map(Number),
  name: sometimes(name("main")),
  address: sometimes(fc.constant("10.0.9.9")),
  serviceAddress: sometimes(fc.constant("10.0.8.8")),
  health: sometimes(fc.record({ ready: fc.boolean() })),
  state: sometimes(name("Ready", "NotReady", "Ignored")),
  protocol: sometimes(name("grpc", "tcp")),
  tags: fc.record({
    "kuma.io/service": name("a", "b", "c"),
    "kuma.io/protocol": name("http", "tcp", "http2"),
    "kuma.io/zone": name("zone-1", "zone-2"),
    version: name("1", "2")
  }, { requiredKeys: ["kuma.io/service"] }).map((tags): Record<string, string> => tags)
})

const plainTags = (tags: object): Record<string, string> => ({ ...tags })

/** By which something that is called may be picked. */
export const calleeLabels = fc.oneof(
  { weight: 3, arbitrary: fc.record({ team: name("x", "y") }).map(plainTags) },
  { weight: 1, arbitrary: fc.record({ tier: name("1", "2") }).map(plainTags) },
  { weight: 1, arbitrary: fc.constant({ team: "x", tier: "1" }).map(plainTags) },
  { weight: 1, arbitrary: fc.record({ "kuma.io/origin": name("zone", "global") }).map(plainTags) }
)

const outboundPortNumber = fc.integer({ min: 20_001, max: 20_004 })

const outbound: fc.Arbitrary<Outbound> = fc.oneof(
  {
    weight: 2,
    arbitrary: record<Outbound>({
      port: outboundPortNumber,
      tags: fc.record({ "kuma.io/service": service, version: name("1", "2", "*") }, { requiredKeys: ["kuma.io/service"] })
        .map(plainTags)
    })
  },
  {
    weight: 1,
    arbitrary: record<Outbound>({
      port: outboundPortNumber,
      backendRef: record<NonNullable<Outbound["backendRef"]>>({
        kind: name("MeshService", "MeshExternalService", "MeshMultiZoneService"),
        name: mostly(name("s1", "s2")),
        labels: sometimes(calleeLabels),
        port: mostly(name("8080", "9090").map(Number))
      })
    })
  }
)

/** One of these labels with its value, or without. */
const labelOf = (...pairs: ReadonlyArray<readonly [label: string, value: string]>) =>
  fc.record({ pair: fc.constantFrom(...pairs), isRemoved: fc.boolean() })
    .map(({ isRemoved, pair: [label, value] }) => ({ label, value: isRemoved ? null : value }))

const dataplaneLabel = labelOf(
  ["ecs-mesh.io/outbounds", "all"],
  ["ecs-mesh.io/outbounds", "none"],
  ["ecs-mesh.io/outbound-address", "task"],
  ["ecs-mesh.io/last-resort", "true"],
  ["ecs-mesh.io/listen-8080", "9090"],
  ["kuma.io/origin", "zone"],
  ["kuma.io/zone", "zone-1"],
  ["kuma.io/zone", "zone-2"],
  ["kuma.io/workload", "w1"],
  ["kuma.io/workload", "w2"],
  ["team", "x"],
  ["team", "y"],
  ["unread", "1"]
)

const policyLabel = labelOf(
  ["kuma.io/effect", "shadow"],
  ["kuma.io/origin", "zone"],
  ["kuma.io/zone", "zone-1"],
  ["kuma.io/zone", "zone-2"],
  ["kuma.io/policy-role", "producer"],
  ["kuma.io/display-name", "a"],
  ["kuma.io/display-name", "z"],
  ["team", "x"],
  ["team", "y"],
  ["unread", "1"]
)

const zoneLabel = labelOf(["kuma.io/zone", "zone-1"], ["kuma.io/zone", "zone-2"], ["unread", "1"])

const dataplaneLabels = record<Record<string, string>>({
  "ecs-mesh.io/outbounds": sometimes(fc.constant("all")),
  "ecs-mesh.io/outbound-address": sometimes(name("task", "loopback")),
  "ecs-mesh.io/last-resort": sometimes(fc.constant("true")),
  "ecs-mesh.io/listen-8080": sometimes(name("9090", "9091")),
  "kuma.io/origin": mostly(name("zone", "global")),
  "kuma.io/zone": mostly(name("zone-1", "zone-2")),
  team: sometimes(name("x", "y"))
})

const dataplane = fc.record({
  key: dataplaneKey,
  labels: dataplaneLabels,
  address: name("10.0.0.1", "10.0.0.2"),
  inbound: fc.array(inbound, { maxLength: 2 }),
  outbound: fc.array(outbound, { maxLength: 3 }),
  admin: sometimes(fc.constant({ port: 9_901 })),
  transparentProxying: sometimes(fc.record({
    reachableBackends: fc.record({
      refs: fc.array(record<Record<string, unknown>>({
        kind: name("MeshService", "MeshExternalService", "MeshMultiZoneService"),
        name: mostly(name("s1", "s2")),
        labels: sometimes(calleeLabels),
        port: sometimes(fc.constant(8_080))
      }), { maxLength: 2 })
    })
  })),
  gateway: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: name("DELEGATED", "BUILTIN").map((type) => ({ type, tags: { "kuma.io/service": "c" } })) }
  )
}).map(({ key, labels, ...networking }): DesiredResource => ({
  type: "Dataplane",
  ...key,
  labels,
  spec: { networking: JSON.parse(JSON.stringify(networking)) }
}))

const mesh = fc.record({
  name: meshName,
  mtls: mostly(fc.record({
    enabledBackend: name("ca-1", "ca-2", "none"),
    mode: sometimes(name("STRICT", "PERMISSIVE"))
  })),
  logging: sometimes(fc.constant({ defaultBackend: "unread" })),
  meshServices: sometimes(name("ReachableBackends", "Everywhere")),
  metrics: sometimes(fc.record({ port: fc.constantFrom(5670, 5671), tls: name("activeMTLSBackend", "disabled") }))
}).map(({ logging, meshServices, metrics, mtls, name }): DesiredResource => ({
  type: "Mesh",
  mesh: "",
  name,
  labels: {},
  spec: {
    ...(logging === undefined ? {} : { logging }),
    ...(meshServices === undefined ? {} : { meshServices: { mode: meshServices } }),
    ...(metrics === undefined ? {} : {
      metrics: {
        enabledBackend: "p",
        backends: [{ name: "p", type: "prometheus", conf: { port: metrics.port, tls: { mode: metrics.tls } } }]
      }
    }),
    ...(mtls === undefined ? {} : {
      mtls: {
        enabledBackend: mtls.enabledBackend,
        backends: ["ca-1", "ca-2"].map((one) => ({
          name: one,
          type: "builtin",
          ...(mtls.mode === undefined ? {} : { mode: mtls.mode })
        }))
      }
    })
  }
}))

const tags = fc.dictionary(name("kuma.io/service", "version", "kuma.io/zone"), name("a", "b", "1", "2", "*", "zone-1"), {
  minKeys: 1,
  maxKeys: 2
})

const serviceName = name("s1", "s2")

export const destinationKind = name("MeshService", "MeshExternalService", "MeshMultiZoneService")

const targetRef: fc.Arbitrary<TargetRef> = fc.oneof(
  record<TargetRef>({ kind: fc.constant("Mesh"), proxyTypes: sometimes(fc.constantFrom(["Sidecar"], ["Gateway"])) }),
  fc.record({ kind: fc.constant("MeshSubset"), tags }),
  fc.record({ kind: fc.constant("MeshService"), name: service }),
  fc.record({ kind: fc.constant("MeshServiceSubset"), name: service, tags }),
  record<TargetRef>({
    kind: fc.constant("Dataplane"),
    name: sometimes(name("d1", "d2")),
    sectionName: sometimes(name("main", "8080"))
  }),
  record<TargetRef>({
    kind: fc.constant("Dataplane"),
    labels: fc.record({ team: name("x", "y") }),
    sectionName: sometimes(name("main", "8080"))
  }),
  fc.record({ kind: name("MeshGateway", "MeshHTTPRoute"), name: fc.constant("g") }),
  record<TargetRef>({ kind: destinationKind, name: serviceName, sectionName: sometimes(name("main", "8080")) }),
  record<TargetRef>({ kind: destinationKind, labels: calleeLabels, sectionName: sometimes(name("main", "8080")) }),
  fc.record({ kind: fc.constant("MeshHTTPRoute"), name: name("p1", "p2") }),
  fc.record({ kind: fc.constant("MeshHTTPRoute"), labels: fc.record({ team: name("x", "y") }) })
)

const policyLabels = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: record<Record<string, string>>({
      "kuma.io/effect": sometimes(fc.constant("shadow")),
      "kuma.io/origin": sometimes(name("zone", "global")),
      "kuma.io/zone": sometimes(name("zone-1", "zone-2")),
      "kuma.io/policy-role": sometimes(name("system", "producer", "consumer")),
      "kuma.io/display-name": sometimes(name("a", "z")),
      team: sometimes(name("x", "y")),
      unread: sometimes(name("1", "2"))
    })
  }
)

const match = fc.record({
  spiffeID: fc.record({ type: name("Exact", "Prefix"), value: name("spiffe://default/a", "spiffe://default/") })
})

const permission = fc.record({
  mesh: meshName,
  name: name("p1", "p2", "p3"),
  labels: policyLabels,
  targetRef: sometimes(targetRef),
  from: fc.array(fc.record({
    targetRef: targetRef,
    default: fc.record({ action: name("Allow", "Deny", "AllowWithShadowDeny") })
  }), { maxLength: 2 }),
  rules: sometimes(fc.array(
    fc.record({ default: fc.record({ allow: fc.array(match, { maxLength: 1 }), deny: fc.array(match, { maxLength: 1 }) }) }),
    { maxLength: 1 }
  ))
}).map(({ labels, mesh, name, ...spec }): DesiredResource => ({
  type: "MeshTrafficPermission",
  mesh,
  name,
  labels,
  spec: JSON.parse(JSON.stringify(spec))
}))

const conf = fc.record({
  connectionTimeout: name("1s", "2s"),
  idleTimeout: name("3s", "4s"),
  http: fc.record({ requestTimeout: name("5s", "6s") })
}, { requiredKeys: [] })

const timeout = fc.record({
  mesh: meshName,
  name: name("p1", "p2", "p3"),
  labels: policyLabels,
  targetRef: sometimes(targetRef),
  to: fc.array(fc.record({ targetRef: targetRef, default: conf }), { maxLength: 2 }),
  from: sometimes(fc.array(fc.record({ targetRef: fc.constant({ kind: "Mesh" }), default: conf }), { maxLength: 1 })),
  rules: sometimes(fc.array(fc.record({ default: conf }), { maxLength: 1 }))
}).map(({ labels, mesh, name, ...spec }): DesiredResource => ({
  type: "MeshTimeout",
  mesh,
  name,
  labels,
  spec: JSON.parse(JSON.stringify(spec))
}))

/** A policy of calls; what it says of them is the type's own. */
const ofCalls = <const T extends PolicyType>(type: T, conf: fc.Arbitrary<object>) =>
  fc.record({
    mesh: meshName,
    name: name("p1", "p2", "p3"),
    labels: policyLabels,
    targetRef: sometimes(targetRef),
    to: fc.array(fc.record({ targetRef, default: conf }), { maxLength: 2 })
  }).map(({ labels, mesh, name, ...spec }): DesiredResource => ({
    type,
    mesh,
    name,
    labels,
    spec: JSON.parse(JSON.stringify(spec))
  }))

const retry = ofCalls("MeshRetry", fc.record({
  tcp: fc.record({ maxConnectAttempt: fc.constantFrom(1, 2) }),
  http: record<HttpRetry>({
    numRetries: sometimes(fc.constantFrom(0, 1)),
    retryOn: sometimes(fc.constantFrom(["5xx"], ["HttpMethodGet", "503"]))
  })
}, { requiredKeys: [] }))

const breakerConf = fc.record({
  connectionLimits: fc.record({ maxRequests: fc.constantFrom(1, 2), maxRetries: fc.constantFrom(1, 2) }),
  outlierDetection: fc.record({ disabled: fc.boolean(), detectors: fc.constant({ totalFailures: { consecutive: 1 } }) })
}, { requiredKeys: [] })

const breaker = fc.oneof(
  ofCalls("MeshCircuitBreaker", breakerConf),
  fc.record({ mesh: meshName, name: name("p1", "p2"), targetRef, conf: breakerConf })
    .map(({ conf, mesh, name, targetRef }): DesiredResource => ({
      type: "MeshCircuitBreaker",
      mesh,
      name,
      labels: {},
      spec: { targetRef, rules: [{ default: conf }] }
    }))
)

const backendRefs = fc.array(fc.oneof(
  fc.record({ kind: fc.constant("MeshService"), name: service, weight: fc.constantFrom(0, 1, 2) }),
  fc.record({ kind: fc.constant("MeshServiceSubset"), name: service, tags, weight: fc.constant(1) }),
  fc.record({ kind: fc.constant("MeshService"), name: service, port: fc.constantFrom(80, 81), weight: fc.constant(1) }),
  record<TargetRef & { readonly weight: number; readonly port?: number }>({
    kind: destinationKind, labels: calleeLabels, port: sometimes(fc.constant(8_080)), weight: fc.constantFrom(0, 1)
  }),
  fc.record({ kind: destinationKind, name: serviceName, port: fc.constantFrom(8080, 9090, 443), weight: fc.constant(1) }),
  fc.record({ kind: destinationKind, name: serviceName, sectionName: name("main", "8080"), weight: fc.constant(1) }),
  fc.record({ kind: destinationKind, name: serviceName, weight: fc.constant(1) })
), { maxLength: 3 })

const toService = <A>(rule: fc.Arbitrary<A>) =>
  fc.array(fc.record({
    targetRef: fc.oneof(
      fc.record({ kind: fc.constant("MeshService"), name: service }),
      fc.record({ kind: destinationKind, name: serviceName }),
      fc.record({ kind: destinationKind, labels: calleeLabels })
    ),
    rules: fc.array(rule, { maxLength: 2 })
  }), { maxLength: 2 })

const route = <const T extends PolicyType>(type: T, rule: fc.Arbitrary<object>) =>
  fc.record({ mesh: meshName, name: name("p1", "p2"), labels: policyLabels, targetRef: sometimes(targetRef), to: toService(rule) })
    .map(({ labels, mesh, name, ...spec }): DesiredResource => ({
      type,
      mesh,
      name,
      labels,
      spec: JSON.parse(JSON.stringify(spec))
    }))

const httpRoute = route("MeshHTTPRoute", fc.record({
  matches: fc.array(fc.record({
    path: fc.record({ type: name("Exact", "PathPrefix"), value: name("/", "/a") }),
    method: sometimes(name("GET", "POST"))
  }), { minLength: 1, maxLength: 2 }),
  default: record<RouteConf>({
    backendRefs: sometimes(backendRefs),
    filters: sometimes(fc.constantFrom<ReadonlyArray<RouteFilter>>(
      [{ type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshService", name: "c", weight: 1 } } }],
      [{ type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshService", name: "s1", port: 8080, weight: 1 } } }],
      [{ type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshExternalService", name: "s1", weight: 1 } } }],
      [{ type: "RequestMirror", requestMirror: { backendRef: { kind: "MeshService", labels: { team: "x" }, weight: 1 } } }],
      [{ type: "RequestRedirect", requestRedirect: { statusCode: 302 } }]
    ))
  })
}))

const tcpRoute = route("MeshTCPRoute", fc.record({ default: fc.record({ backendRefs }) }))

const logBackend = fc.oneof(
  fc.record({ type: fc.constant("File"), file: fc.record({ path: name("/dev/stdout", "/var/log/calls") }) }),
  fc.record({ type: fc.constant("Tcp"), tcp: fc.record({ address: name("logs:1", "logs:2") }) }),
  name("%KUMA_WORKLOAD%", "%KUMA_DESTINATION_SERVICE%").map((plain) => ({
    type: "File", file: { path: "/var/log/words", format: { type: "Plain", plain, omitEmptyValues: false } }
  })),
  fc.record({ type: fc.constant("OpenTelemetry"), openTelemetry: fc.record({ endpoint: name("otel", "10.6.6.6:4318") }) })
)

const logConf = fc.record({ backends: fc.array(logBackend, { maxLength: 2 }) })

const accessLog = fc.oneof(
  ofCalls("MeshAccessLog", logConf),
  fc.record({
    mesh: meshName,
    name: name("p1", "p2"),
    labels: policyLabels,
    targetRef,
    part: name("from", "rules"),
    matches: sometimes(fc.array(match, { maxLength: 1 })),
    default: logConf
  }).map(({ default: conf, labels, matches, mesh, name, part, targetRef }): DesiredResource => ({
    type: "MeshAccessLog",
    mesh,
    name,
    labels,
    spec: JSON.parse(JSON.stringify({
      targetRef,
      ...(part === "rules"
        ? { rules: [{ matches, default: conf }] }
        : { from: [{ targetRef: { kind: "Mesh" }, default: conf }] })
    }))
  }))
)

const metric = fc.record({
  mesh: meshName,
  name: name("p1", "p2"),
  labels: policyLabels,
  targetRef: sometimes(targetRef),
  clientId: sometimes(name("main")),
  port: fc.constantFrom(5_670, 5_671),
  used: sometimes(fc.boolean())
}).map(({ clientId, labels, mesh, name, port, targetRef, used }): DesiredResource => ({
  type: "MeshMetric",
  mesh,
  name,
  labels,
  spec: {
    ...(targetRef === undefined ? {} : { targetRef }),
    default: {
      ...(used === undefined ? {} : { sidecar: { includeUnused: used } }),
      backends: [{
        type: "Prometheus",
        prometheus: { port, path: "/metrics", ...(clientId === undefined ? {} : { clientId }) }
      }]
    }
  }
}))

/** What no validator lets in. */
const broken = fc.record({
  type: name("MeshTrafficPermission", "MeshTimeout"),
  mesh: meshName,
  name: name("p1", "p2"),
  spec: name("{\"from\": 5}", "{\"to\": 5}", "{\"to\": [null, {\"targetRef\": 5}]}")
}).map(({ spec, ...key }): DesiredResource => ({ ...key, labels: {}, spec: JSON.parse(spec) }))

const outboundPort = fc.record({ mesh: meshName, name: service, port: name("30001", "30002", "30003", "20001") }).map(
  ({ port, ...key }): DesiredResource => ({ type: "OutboundPort", ...key, labels: {}, spec: { port: Number(port) } })
)

const zoneIngress = fc.record({
  name: name("i1", "i2"),
  zone: sometimes(name("zone-1", "zone-2")),
  label: sometimes(name("zone-1", "zone-2")),
  port: mostly(fc.constant(10_001)),
  advertisedPort: mostly(name("10002", "10003")),
  available: fc.array(fc.record({ mesh: meshName, service }), { maxLength: 3 })
}).map(({ advertisedPort, available, label, name, port, zone }): DesiredResource => ({
  type: "ZoneIngress",
  mesh: "",
  name,
  labels: label === undefined ? {} : { "kuma.io/zone": label },
  spec: {
    ...(zone === undefined ? {} : { zone }),
    networking: {
      address: "10.1.0.1",
      ...(port === undefined ? {} : { port }),
      ...(advertisedPort === undefined ? {} : { advertisedAddress: "1.1.1.1", advertisedPort: Number(advertisedPort) })
    },
    availableServices: available.map(({ mesh, service }) => ({ mesh, tags: { "kuma.io/service": service } }))
  }
}))

const zoneEgress = fc.record({ name: fc.constant("e1"), port: name("10011", "10012") }).map(({ name, port }): DesiredResource => ({
  type: "ZoneEgress",
  mesh: "",
  name,
  labels: {},
  spec: { networking: { address: "10.2.0.1", port: Number(port) } }
}))

export const serviceLabels = record<Record<string, string>>({
  "kuma.io/origin": mostly(name("zone", "global")),
  "kuma.io/zone": mostly(name("zone-1", "zone-2")),
  "kuma.io/display-name": sometimes(name("shown", "other")),
  "kuma.io/deletion-grace-period-started-at": sometimes(fc.constant("2026-01-01T00:00:00Z")),
  team: sometimes(name("x", "y")),
  tier: sometimes(name("1", "2"))
})

const meshService = fc.record({
  mesh: meshName,
  name: serviceName,
  labels: serviceLabels,
  spec: record<SpecByType["MeshService"]>({
    state: name("Available", "Unavailable"),
    selector: fc.oneof(
      { weight: 4, arbitrary: fc.record({ dataplaneTags: fc.record({ "kuma.io/service": name("a", "b") }).map(plainTags) }) },
      { weight: 1, arbitrary: fc.record({ dataplaneTags: fc.record({ version: name("1", "2") }).map(plainTags) }) },
      { weight: 1, arbitrary: fc.record({ dataplaneRef: fc.record({ name: name("d1", "d2") }) }) },
      { weight: 1, arbitrary: fc.record({ dataplaneLabels: fc.record({ matchLabels: fc.record({ team: name("x", "y") }).map(plainTags) }) }) }
    ),
    ports: fc.uniqueArray(record<NonNullable<SpecByType["MeshService"]["ports"]>[number]>({
      name: sometimes(name("main")),
      port: name("8080", "9090").map(Number),
      targetPort: sometimes(fc.oneof(name("8080", "8081").map(Number), fc.constant("main"))),
      appProtocol: name("http", "tcp", "grpc")
    }), { maxLength: 2, selector: ({ port }) => port }),
    identities: sometimes(fc.constant([{ type: "ServiceTag" as const, value: "elsewhere" }]))
  })
}).map((rest): DesiredResource => ({ type: "MeshService", ...rest }))

const multiZoneService = fc.record({
  mesh: meshName,
  name: serviceName,
  labels: serviceLabels,
  spec: fc.record({
    selector: fc.record({
      meshService: fc.record({
        matchLabels: fc.oneof(
          fc.dictionary(name("team", "kuma.io/display-name"), name("x", "shown"), { maxKeys: 1 }),
          calleeLabels
        )
      })
    }),
    ports: fc.constant([{ port: 8_080, appProtocol: "http" }])
  })
}).map((rest): DesiredResource => ({ type: "MeshMultiZoneService", ...rest }))

const source = sometimes(fc.constant({ secret: "ca" }))

const meshExternalService = fc.record({
  mesh: meshName,
  name: serviceName,
  labels: serviceLabels,
  spec: record<SpecByType["MeshExternalService"]>({
    match: fc.record({
      type: fc.constant("HostnameGenerator" as const), port: name("443", "8080").map(Number), protocol: name("tcp", "http")
    }),
    endpoints: fc.array(fc.record({ address: name("10.7.7.7", "a.example.com"), port: fc.constant(443) }), { maxLength: 2 }),
    tls: sometimes(record<NonNullable<SpecByType["MeshExternalService"]["tls"]>>({
      enabled: fc.boolean(),
      allowRenegotiation: fc.constant(false),
      verification: sometimes(record<NonNullable<NonNullable<SpecByType["MeshExternalService"]["tls"]>["verification"]>>({
        mode: name("Secured", "SkipCA"), caCert: source
      }))
    }))
  })
}).map((rest): DesiredResource => ({ type: "MeshExternalService", ...rest }))

const externalService = fc.record({
  mesh: meshName,
  name: name("e1", "e2"),
  service,
  version: sometimes(name("1", "2")),
  caCert: source
}).map(({ caCert, mesh, name, service, version }): DesiredResource => ({
  type: "ExternalService",
  mesh,
  name,
  labels: {},
  spec: {
    tags: { "kuma.io/service": service, "kuma.io/protocol": "http", ...(version === undefined ? {} : { version }) },
    networking: { address: "b.example.com:443", tls: { enabled: true, ...(caCert === undefined ? {} : { caCert }) } }
  }
}))

const serviceAddress = fc.record({
  name: name("127.4.0.1", "127.4.0.2", "241.0.0.1"),
  kind: name("MeshService", "MeshExternalService", "MeshMultiZoneService"),
  mesh: meshName,
  service: serviceName,
  releasedAt: sometimes(fc.constant("2026-01-01T00:00:00Z"))
}).map(({ name, releasedAt, ...spec }): DesiredResource => ({
  type: "ServiceAddress",
  mesh: "",
  name,
  labels: {},
  spec: { ...spec, ...(releasedAt === undefined ? {} : { releasedAt }) }
}))

/** Whose address or content nobody reads. */
const generator = fc.constant<DesiredResource>({
  type: "HostnameGenerator",
  mesh: "",
  name: "g1",
  labels: {},
  spec: { selector: { meshService: {} }, template: "{{ .Name }}.mesh" }
})

const unread = fc.oneof(
  generator,
  dataplaneKey.map((key): DesiredResource => ({ type: "DataplaneInsight", ...key, labels: {}, spec: { subscriptions: [] } })),
  fc.record({ mesh: meshName, isAuthoritys: fc.boolean(), data: name("AA==", "AQ==") })
    .map(({ data, isAuthoritys, mesh }): DesiredResource => ({
      type: "Secret",
      mesh,
      name: isAuthoritys ? certificateSecretName(mesh, "ca-1") : "ca",
      labels: {},
      spec: { data }
    }))
)

const resource = fc.oneof(
  { weight: 8, arbitrary: dataplane },
  { weight: 3, arbitrary: mesh },
  { weight: 3, arbitrary: permission },
  { weight: 3, arbitrary: timeout },
  { weight: 2, arbitrary: retry },
  { weight: 2, arbitrary: breaker },
  { weight: 3, arbitrary: httpRoute },
  { weight: 2, arbitrary: tcpRoute },
  { weight: 2, arbitrary: metric },
  { weight: 3, arbitrary: accessLog },
  { weight: 1, arbitrary: broken },
  { weight: 2, arbitrary: outboundPort },
  { weight: 2, arbitrary: zoneIngress },
  { weight: 1, arbitrary: zoneEgress },
  { weight: 4, arbitrary: meshService },
  { weight: 2, arbitrary: multiZoneService },
  { weight: 2, arbitrary: meshExternalService },
  { weight: 2, arbitrary: externalService },
  { weight: 3, arbitrary: serviceAddress },
  { weight: 1, arbitrary: unread }
)

const anyDataplane = dataplaneKey.map((key): ResourceKey => ({ type: "Dataplane", ...key }))
const anyPolicy = fc.record({
  type: fc.constantFrom(...policyTypes),
  mesh: meshName,
  name: name("p1", "p2", "p3")
})
const anyIngress = fc.record({ type: fc.constant("ZoneIngress" as const), mesh: fc.constant(""), name: name("i1", "i2") })
const anyKey: fc.Arbitrary<ResourceKey> = fc.oneof(
  anyDataplane,
  anyPolicy,
  anyIngress,
  fc.record({ type: fc.constant("OutboundPort"), mesh: meshName, name: service }),
  fc.record({
    type: name("MeshService", "MeshMultiZoneService", "MeshExternalService"), mesh: meshName, name: serviceName
  }),
  fc.record({ type: fc.constant("ExternalService"), mesh: meshName, name: name("e1", "e2") }),
  fc.record({ type: fc.constant("Secret"), mesh: meshName, name: fc.constant("ca") }),
  meshName.map((mesh): ResourceKey => ({ type: "Secret", mesh, name: certificateSecretName(mesh, "ca-1") })),
  fc.record({ type: fc.constant("ServiceAddress"), mesh: fc.constant(""), name: name("127.4.0.1", "127.4.0.2", "241.0.0.1") }),
  fc.record({ type: fc.constant("Mesh"), mesh: fc.constant(""), name: meshName }),
  fc.record({ type: fc.constant("ZoneEgress"), mesh: fc.constant(""), name: fc.constant("e1") })
)

export const anyService = fc.record({
  type: name("MeshService", "MeshMultiZoneService", "MeshExternalService"), mesh: meshName, name: serviceName
})

export const serviceLabel = labelOf(
  ["kuma.io/origin", "zone"],
  ["kuma.io/origin", "global"],
  ["kuma.io/zone", "zone-2"],
  ["kuma.io/display-name", "shown"],
  ["kuma.io/deletion-grace-period-started-at", "2026-01-02T00:00:00Z"],
  ["team", "x"],
  ["team", "y"],
  ["tier", "1"],
  ["tier", "2"],
  ["unread", "1"]
)

const labelled = fc.oneof(
  { weight: 4, arbitrary: fc.record({ key: anyDataplane, said: dataplaneLabel }) },
  { weight: 3, arbitrary: fc.record({ key: anyPolicy, said: policyLabel }) },
  { weight: 1, arbitrary: fc.record({ key: anyIngress, said: zoneLabel }) },
  { weight: 4, arbitrary: fc.record({ key: anyService, said: serviceLabel }) }
)

const proxy: fc.Arbitrary<ProxyId> = fc.oneof(
  { weight: 5, arbitrary: dataplaneKey.map((key) => ({ proxyType: "dataplane" as const, ...key })) },
  { weight: 1, arbitrary: name("i1", "i2").map((one) => ({ proxyType: "ingress" as const, mesh: "", name: one })) },
  { weight: 1, arbitrary: fc.constant({ proxyType: "egress" as const, mesh: "", name: "e1" }) }
)

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: resource.map((resource): Step => ({ _tag: "Put", resource })) },
  { weight: 9, arbitrary: labelled.map(({ key, said }): Step => ({ _tag: "Label", key, ...said })) },
  {
    weight: 3,
    arbitrary: fc.record({
      key: anyDataplane,
      inbound: fc.nat(1),
      said: fc.oneof(
        fc.record({ health: fc.record({ ready: fc.boolean() }) }),
        fc.record({ state: name("Ready", "NotReady", "Ignored") })
      )
    }).map((step): Step => ({ _tag: "Health", ...step }))
  },
  { weight: 1, arbitrary: anyKey.map((key): Step => ({ _tag: "Touch", key })) },
  { weight: 3, arbitrary: anyKey.map((key): Step => ({ _tag: "Remove", key })) },
  {
    weight: 2,
    arbitrary: fc.record({ proxy, readiness: name("9001", "9002").map(Number), binds: fc.boolean() })
      .map((said): Step => ({ _tag: "Follow", ...said }))
  },
  { weight: 1, arbitrary: proxy.map((proxy): Step => ({ _tag: "Unfollow", proxy })) },
  { weight: 8, arbitrary: fc.constant<Step>({ _tag: "Batch" }) },
  { weight: 4, arbitrary: fc.constant<Step>({ _tag: "Turn" }) },
  { weight: 8, arbitrary: fc.constant<Step>({ _tag: "Settle" }) }
)

/** Every mesh, every proxy: something to begin with, of which a shrunk case keeps nothing that it doesn't need. */
export const beginning: ReadonlyArray<ProxyId> = [
  ...["d1", "d2", "d3", "d4"].map((one) => ({ proxyType: "dataplane" as const, mesh: "default", name: one })),
  { proxyType: "dataplane", mesh: "other", name: "d1" },
  { proxyType: "ingress", mesh: "", name: "i1" },
  { proxyType: "egress", mesh: "", name: "e1" }
]

export const initial: fc.Arbitrary<ReadonlyArray<DesiredResource>> = fc.tuple(
  fc.array(mesh, { minLength: 1, maxLength: 2 }),
  fc.array(dataplane, { minLength: 2, maxLength: 6 }),
  fc.array(outboundPort, { maxLength: 3 }),
  fc.array(fc.oneof(permission, timeout, retry, breaker, httpRoute, tcpRoute, metric, accessLog), { maxLength: 4 }),
  fc.array(fc.oneof(meshService, multiZoneService, meshExternalService, serviceAddress), { maxLength: 4 }),
  fc.array(zoneIngress, { maxLength: 2 }),
  fc.array(zoneEgress, { maxLength: 1 })
).map((all) => all.flat())
