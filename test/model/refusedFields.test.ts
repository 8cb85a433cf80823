/**
 * What concerns traffic or security and would do nothing here is refused, and the violation names it: nobody is to count
 * on it. What merely does nothing is told of (warnResource.test.ts).
 */
import { describe, expect, it } from "vitest"
import { decodeResource } from "../../src/model/decodeResource.ts"
import { validateKeySources } from "../../src/model/validate/validateKeySources.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"
import { warnResource } from "../../src/model/validate/warnResource.ts"

const resourceOf = (input: object) => {
  const decoded = decodeResource({ mesh: "default", name: "a", ...input })
  if ("violations" in decoded) throw new Error(JSON.stringify(decoded.violations))
  return decoded.resource
}

const refused = (input: object): ReadonlyArray<string> => validateResource(resourceOf(input)).map(({ field }) => field)

const MESH = { kind: "Mesh" }
const UNION = { kind: "MeshMultiZoneService", name: "all", port: 80 }

/** Of each type of policy one that is right, by what it is about. */
const timeout = (targetRef: object, to: object = MESH) => ({
  type: "MeshTimeout", spec: { targetRef, to: [{ targetRef: to, default: { idleTimeout: "1s" } }] }
})
const permission = (from: object) => ({
  type: "MeshTrafficPermission", spec: { from: [{ targetRef: from, default: { action: "Deny" } }] }
})
const rules = (rule: object) => ({ type: "MeshTrafficPermission", spec: { rules: [{ default: rule }] } })
const route = (backendRef: object) => ({
  type: "MeshTCPRoute",
  spec: { to: [{ targetRef: { kind: "MeshService", name: "kv" }, rules: [{ default: { backendRefs: [backendRef] } }] }] }
})
const external = (tls: object) => ({
  type: "ExternalService", tags: { "kuma.io/service": "e" },
  networking: { address: "example.com:443", tls: { enabled: true, ...tls } }
})
const meshExternal = (verification: object) => ({
  type: "MeshExternalService",
  spec: { match: { port: 443 }, endpoints: [{ address: "example.com", port: 443 }], tls: { enabled: true, verification } }
})
const dataplane = (networking: object) => ({
  type: "Dataplane",
  networking: { address: "192.0.2.1", inbound: [{ port: 80, tags: { "kuma.io/service": "a" } }], ...networking }
})
const mesh = (spec: object) => ({ type: "Mesh", mesh: undefined, ...spec })
const mtls = (conf: object) => mesh({ mtls: { backends: [{ name: "ca-1", type: "builtin", conf }] } })

const OWN = "dataplane-token-signing-key-default-1"
const backends = "spec.to[0].rules[0].default.backendRefs[0]"

describe("is refused, and named:", () => {
  it.each<[string, object]>([
    ["routing.zoneEgress", mesh({ routing: { zoneEgress: true }, mtls: { enabledBackend: "a", backends: [{ name: "a", type: "builtin" }] } })],
    ["routing.localityAwareLoadBalancing", mesh({ routing: { localityAwareLoadBalancing: true } })],
    ["mtls.backends[0].conf.caCert.RSAbits", mtls({ caCert: { RSAbits: 4_097 } })],
    ["mtls.backends[0].conf.caCert.RSAbits", mtls({ caCert: { RSAbits: 2_047 } })],
    ["networking.transparentProxying.directAccessServices",
      dataplane({ transparentProxying: { directAccessServices: ["*"] } })],
    ["networking.tls.caCert.file", external({ caCert: { file: "/etc/ca.pem" } })],
    ["networking.tls.clientCert.file", external({ clientCert: { file: "/etc/cert.pem" } })],
    ["networking.tls.clientKey.file", external({ clientKey: { file: "/etc/key.pem" } })],
    ["networking.tls.clientKey.secret", external({ clientKey: { secret: OWN } })],
    ["networking.tls.caCert.secret", external({ caCert: { secret: "default.ca-builtin-key-ca-1" } })],
    ["spec.tls.verification.clientKey.secret",
      meshExternal({ clientCert: { inlineString: "c" }, clientKey: { secret: OWN } })],
    ["spec.targetRef.namespace", timeout({ kind: "Dataplane", name: "a", namespace: "b" })],
    ["spec.targetRef.labels", timeout({ kind: "MeshService", labels: { a: "b" } })],
    ["spec.targetRef.sectionName", timeout({ kind: "MeshService", name: "a", sectionName: "http" })],
    ["spec.to[0].targetRef.proxyTypes", timeout(MESH, { kind: "Mesh", proxyTypes: ["Gateway"] })],
    ["spec.to[0].targetRef.namespace", timeout(MESH, { kind: "MeshService", name: "a", namespace: "b" })],
    ["spec.to[0].targetRef", timeout(MESH, { kind: "MeshMultiZoneService" })],
    ["spec.to[0].targetRef.tags", timeout(MESH, { kind: "MeshMultiZoneService", name: "a", tags: { a: "b" } })],
    ["spec.to[0].targetRef.labels", timeout(MESH, { kind: "MeshMultiZoneService", name: "a", labels: { a: "b" } })],
    [backends, route({ kind: "MeshMultiZoneService", port: 80 })],
    [`${backends}.proxyTypes`, route({ ...UNION, proxyTypes: ["Sidecar"] })],
    [`${backends}.namespace`, route({ ...UNION, namespace: "b" })],
    ["spec.from[0].targetRef.labels", permission({ kind: "MeshService", labels: { a: "b" } })],
    ["spec.from[0].targetRef.sectionName", permission({ kind: "MeshService", name: "a", sectionName: "http" })],
    ["spec.from[0].targetRef.proxyTypes", permission({ kind: "Mesh", proxyTypes: ["Gateway"] })],
    ["spec.from[0].targetRef.proxyTypes",
      permission({ kind: "MeshSubset", tags: { a: "b" }, proxyTypes: ["Gateway"] })],
    ["spec.rules[0].allow[0].sni", rules({ allow: [{ sni: { type: "Exact", value: "a.b" } }] })],
    ["spec.rules[0].deny[0].sni", rules({ deny: [{ sni: { type: "Exact", value: "a.b" } }] })],
    ["spec.selector.meshService.matchLabels",
      { type: "MeshMultiZoneService", spec: { selector: { meshService: {} }, ports: [{ port: 80 }] } }]
  ])("%s", (path, input) => {
    expect(refused(input)).toEqual([path])
  })

  it("what the mesh's own authority signs with, as somebody's client key", () => {
    const conf = { cert: { secret: "its-cert" }, key: { secret: "its-key" } }
    const mesh = { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "provided", conf }] } }
    const named = (input: object) => validateKeySources(resourceOf(input), mesh).map(({ field }) => field)
    const clientKey = (secret: string) => ({ clientCert: { secret: "c" }, clientKey: { secret } })
    for (const secret of ["its-key", "its-cert"]) {
      expect(named(external(clientKey(secret)))).toEqual(["networking.tls.clientKey.secret"])
      expect(named(meshExternal(clientKey(secret)))).toEqual(["spec.tls.verification.clientKey.secret"])
    }
    expect(named(external(clientKey("another")))).toEqual([])
    expect(named(meshExternal({ caCert: { secret: "its-cert" } }))).toEqual([])
  })
})

it("what has its effect is taken", () => {
  const inputs = [
    timeout({ kind: "Mesh", proxyTypes: ["Gateway"] }),
    timeout({ kind: "Dataplane", labels: { a: "b" } }),
    timeout({ kind: "MeshService", name: "a" }),
    timeout(MESH, { kind: "MeshService", labels: { a: "b" }, sectionName: "http" }),
    timeout(MESH, { kind: "MeshMultiZoneService", name: "all", sectionName: "http" }),
    timeout(MESH, { kind: "MeshMultiZoneService", labels: { a: "b" } }),
    route(UNION),
    permission({ kind: "MeshService", name: "a" }),
    rules({ allow: [{ spiffeID: { type: "Exact", value: "spiffe://default/a" } }] }),
    external({ caCert: { secret: "mine" } }),
    mtls({ caCert: { RSAbits: 4_096 } }),
    mesh({ routing: { zoneEgress: false } })
  ]
  expect(inputs.map(refused)).toEqual(inputs.map(() => []))
})

describe("is told of:", () => {
  const told = (input: object) => warnResource(resourceOf(input)).map(({ field }) => field)

  it("a builtin gateway, and an address family that redirection would have", () => {
    expect(told(dataplane({ inbound: [], gateway: { type: "BUILTIN", tags: { "kuma.io/service": "a" } } })))
      .toEqual(["networking.gateway.type"])
    expect(told(dataplane({ transparentProxying: { ipFamilyMode: "IPv4" } })))
      .toEqual(["networking.transparentProxying.ipFamilyMode"])
  })

  it("how long an authority may take", () => {
    const backend = { name: "a", type: "builtin", dpCert: { requestTimeout: "1s" }, rootChain: { requestTimeout: "1s" } }
    expect(told(mesh({ mtls: { backends: [backend] } }))).toEqual([
      "mtls.backends[0].dpCert.requestTimeout", "mtls.backends[0].rootChain.requestTimeout"
    ])
  })

  it.each(["inline", "inlineString"])("a key that stands in what others may read: %s", (source) => {
    const key = { [source]: "QQ==" }
    const conf = { cert: { secret: "c" }, key }
    expect(told(mesh({ mtls: { backends: [{ name: "a", type: "provided", conf }] } })))
      .toEqual([`mtls.backends[0].conf.key.${source}`])
    expect(told(external({ clientKey: key }))).toEqual([`networking.tls.clientKey.${source}`])
    expect(told(meshExternal({ clientCert: key, clientKey: key }))).toEqual([`spec.tls.verification.clientKey.${source}`])
  })

  it("a protocol that nobody knows", () => {
    const service = (appProtocol: string) => ({ type: "MeshService", spec: { ports: [{ port: 80, appProtocol }] } })
    expect(told(service("htpp"))).toEqual(["spec.ports[0].appProtocol"])
    expect(["http", "GRPC", "tcp", "kafka"].map((one) => told(service(one)))).toEqual([[], [], [], []])
  })
})
