import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import { sharedResources } from "../../../src/cp/xds/share/SharedResources.ts"
import { translateProxy } from "../../../src/cp/xds/translateProxy.ts"
import { defaultTranslateSettings, type NodeWords } from "../../../src/cp/xds/TranslateSettings.ts"
import { TypeUrl, type XdsResource } from "../../../src/cp/xds/XdsResource.ts"
import type { ProxyTranslation } from "../../../src/cp/xds/ProxyTranslation.ts"
import type { TimeoutConf } from "../../../src/model/MeshTimeout.ts"
import type { Resource } from "../../../src/model/Resource.ts"
import { created, dataplane, mesh, resource } from "../snapshot/resources.ts"
import { collectGarbage } from "./share/collectGarbage.ts"

const SERVICES = ["a", "b", "c", "d", "e"]

const settings = {
  ...defaultTranslateSettings,
  admin: { address: "127.0.0.1", port: 9_901 },
  readiness: { address: "127.0.0.1", port: 9_902 }
}

const port = (service: string, at: number): Resource<"OutboundPort"> =>
  resource("OutboundPort", "default", service, { port: 10_001 + at })

/** Calls every service that has a port. */
const caller = (at: number): Resource<"Dataplane"> => ({
  ...dataplane(`d${at}`, `10.0.0.${at}`, [{ service: SERVICES[at % SERVICES.length] ?? "a" }]),
  labels: { "ecs-mesh.io/outbounds": "all", "ecs-mesh.io/outbound-address": "loopback" }
})

/** Calls them by a list of its own. */
const lister = (at: number): Resource<"Dataplane"> =>
  dataplane(`d${at}`, `10.0.0.${at}`, [{ service: SERVICES[at % SERVICES.length] ?? "a" }], SERVICES)

const timeout = (said: TimeoutConf, service?: string): Resource<"MeshTimeout"> =>
  resource("MeshTimeout", "default", `of-${service ?? "all"}`, {
    to: [{
      targetRef: service === undefined ? { kind: "Mesh" } : { kind: "MeshService", name: service },
      default: said
    }]
  })

const permission = (target: string, action: "Allow" | "Deny"): Resource<"MeshTrafficPermission"> =>
  resource("MeshTrafficPermission", "default", `to-${target}`, {
    targetRef: { kind: "MeshService", name: target },
    from: [{ targetRef: { kind: "Mesh" }, default: { action } }]
  })

interface Options {
  readonly accessLogPath?: string
  readonly carriesLines?: boolean
  readonly isKumaDp?: boolean
  /** What each proxy's Envoy says of itself. */
  readonly nodeOf?: (dataplane: Resource<"Dataplane">) => NodeWords
}

/** A mesh whose proxies are all connected: their translations are held. */
const connect = (
  dataplanes: ReadonlyArray<Resource<"Dataplane">>,
  { accessLogPath, carriesLines = false, isKumaDp = false, nodeOf }: Options = {}
) => {
  const views = new MeshViews()
  views.apply([mesh(), ...SERVICES.map(port), ...dataplanes].map(created))
  const shared = sharedResources(views)
  const kept = new Map<string, ProxyTranslation | null>()
  /** Answers how many resources had to be built. */
  const translate = (): number => {
    const before = shared.resources.made
    for (const one of dataplanes) {
      const node = nodeOf?.(one)
      kept.set(one.name, translateProxy(views, { proxyType: "dataplane", mesh: "default", name: one.name }, {
        ...settings,
        accessLogPath: accessLogPath ?? null,
        carriesLines,
        ...(isKumaDp ? { workdir: `/tmp/${one.name}` } : {}),
        ...(node === undefined ? {} : { node })
      }))
    }
    return shared.resources.made - before
  }
  const outbounds = (name: string): ReadonlyArray<XdsResource> =>
    (kept.get(name)?.resources ?? []).filter((one) => one.name.startsWith("outbound:") || SERVICES.includes(one.name))
  return { views, translate, outbounds, kept, apply: (after: Resource) => views.apply([created(after)]) }
}

const many = (count: number, of: (at: number) => Resource<"Dataplane">) =>
  Array.from({ length: count }, (_, index) => of(index + 1))

/** Of each proxy alone: the cluster of its workload, its admin listener, its inbound's listener and route. */
const OWN = 4

/** What tells of itself. */
const knowing = ({ name, spec }: Resource<"Dataplane">): NodeWords => ({
  proxy: name,
  source: spec.networking?.inbound?.[0]?.tags?.["kuma.io/service"] ?? null,
  address: spec.networking?.address ?? null
})

describe("the resources of many proxies", () => {
  it.each([
    ["every service", caller],
    ["a list of their own", lister]
  ])("are built once for all where they call the same: %s", (_, of) => {
    const built = (count: number) => connect(many(count, of)).translate() - OWN * count
    // A cluster and a listener for each service, and the cluster of the sidecar's readiness.
    expect(built(5)).toBe(2 * SERVICES.length + 1)
    expect(built(50)).toBe(built(5))
    const { translate, outbounds } = connect(many(5, of))
    translate()
    expect(outbounds("d1").length).toBe(2 * SERVICES.length)
    outbounds("d1").forEach((one, index) => expect(outbounds("d5")[index]).toBe(one))
  })

  it("aren't built again where nothing is another", () => {
    const { apply, kept, translate } = connect(many(10, caller))
    translate()
    const before = kept.get("d1")?.calls
    apply(resource("MeshTimeout", "default", "nothing", { to: [] }))
    expect(translate()).toBe(0)
    apply(caller(1))
    expect(translate()).toBe(0)
    expect(before).not.toBeNull()
  })

  it("stay one where what they call has another label that nothing is picked by", () => {
    const kv = (labels: Readonly<Record<string, string>>) =>
      resource("MeshService", "default", "kv", {
        state: "Available",
        selector: { dataplaneTags: { "kuma.io/service": "kv" } },
        ports: [{ port: 80, appProtocol: "http" }]
      }, labels)
    const referrer = (at: number): Resource<"Dataplane"> =>
      resource("Dataplane", "default", `d${at}`, {
        networking: {
          address: `10.0.0.${at}`,
          inbound: [],
          outbound: [{ port: 20_001, backendRef: { kind: "MeshService", name: "kv", port: 80 } }]
        }
      })
    const { apply, kept, translate } = connect(many(3, referrer))
    apply(kv({}))
    translate()
    const calls = () => [...new Set([...kept.values()].map((translation) => translation?.calls))]
    const before = calls()
    expect(before).toHaveLength(1)
    apply(kv({ note: "1" }))
    expect(translate()).toBe(0)
    expect(calls()).toHaveLength(1)
    expect(calls()[0]).toBe(before[0])
    // What says where it is from stands in what is asked for.
    apply(kv({ "kuma.io/origin": "global", "kuma.io/display-name": "shown" }))
    expect(translate()).toBeGreaterThan(0)
    expect(calls()[0]).not.toBe(before[0])
  })

  it("say why there are none in the words of today, though there are as few as before", () => {
    const outside = (secret: string) =>
      resource("MeshExternalService", "default", "outside", {
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "10.7.7.7", port: 443 }],
        tls: { enabled: true, allowRenegotiation: false, verification: { mode: "Secured", caCert: { secret } } }
      })
    const caller = resource("Dataplane", "default", "d1", {
      networking: {
        address: "10.0.0.1",
        inbound: [],
        outbound: [{ port: 20_001, backendRef: { kind: "MeshExternalService", name: "outside", port: 443 } }]
      }
    })
    const { apply, kept, translate } = connect([caller])
    const said = (secret: string) => {
      apply(outside(secret))
      translate()
      return kept.get("d1")?.conditions.map(({ message }) => message).join()
    }
    expect(said("one")).toContain("\"one\"")
    expect(said("another")).toContain("\"another\"")
  })

  it("are one list of outbounds, and what follows from it, while nobody's timeouts are others", () => {
    const { kept, translate } = connect(many(10, lister))
    translate()
    expect(new Set([...kept.values()].map((translation) => translation?.calls)).size).toBe(1)
    expect(new Set([...kept.values()].map((translation) => translation?.uses)).size).toBe(1)
  })

  it.each([5, 50])("are built for one service when its timeouts change, with %i proxies", (count) => {
    const { apply, translate } = connect(many(count, caller))
    translate()
    apply(timeout({ idleTimeout: "7s" }, "c"))
    expect(translate()).toBe(2)
    apply(timeout({ idleTimeout: "8s" }, "c"))
    expect(translate()).toBe(2)
    // Of two policies for the same, that whose name comes first has the last word: for all services.
    apply(timeout({ idleTimeout: "9s" }))
    expect(translate()).toBe(2 * SERVICES.length)
  })

  it.each<[string, TimeoutConf, number, number]>([
    ["connecting: clusters alone", { connectionTimeout: "7s" }, 1, 1],
    ["requests: what routes them", { http: { requestTimeout: "7s" } }, 1, 1],
    ["headers: listeners alone", { http: { requestHeadersTimeout: "7s" } }, 1, 1],
    ["streams: clusters alone", { http: { maxStreamDuration: "7s" } }, 1, 1],
    ["idling: both", { idleTimeout: "7s" }, 2, 2]
  ])("are built that take the timeout that changes, and no others: %s", (_, said, ofCalls, ofInbounds) => {
    const { apply, translate } = connect(many(10, caller))
    translate()
    apply(timeout(said))
    expect(translate()).toBe(ofCalls * SERVICES.length)
    const from = [{ targetRef: { kind: "Mesh" }, default: said }] as const
    apply(resource("MeshTimeout", "default", "inbounds", { targetRef: { kind: "Mesh" }, from }))
    expect(translate()).toBe(ofInbounds * 10)
  })

  it("are the routes of a service's own proxies when a permission changes", () => {
    const { apply, kept, translate } = connect(many(50, caller))
    translate()
    const routeOf = (name: string) =>
      kept.get(name)?.resources.find(({ typeUrl }) => typeUrl === TypeUrl.RouteConfiguration)
    const [other, own] = [routeOf("d1"), routeOf("d2")]
    apply(permission("c", "Allow"))
    expect(translate()).toBe(50 / SERVICES.length)
    expect(routeOf("d1")).toBe(other)
    expect(routeOf("d2")).not.toBe(own)
  })

  it("follow a service's protocol", () => {
    const { apply, outbounds, translate } = connect(many(5, caller))
    translate()
    const versions = () => new Map(outbounds("d1").map((one) => [one.name, one.version]))
    const before = versions()
    apply({ ...caller(5), spec: dataplane("d5", "10.0.0.5", [{ service: "a", protocol: "tcp" }]).spec })
    translate()
    const different = [...versions()].filter(([name, version]) => before.get(name) !== version).map(([name]) => name)
    expect(different).toEqual(["a", "outbound:127.0.0.1:10001"])
  })

  it("follow a service's protocol beside an ExternalService of its name that lacks the tags that are asked for", () => {
    const tags = { "kuma.io/service": "a", version: "1" }
    const picky: Resource<"Dataplane"> = {
      ...caller(1),
      labels: {},
      spec: { networking: { address: "10.0.0.1", outbound: [{ port: 10_001, tags }] } }
    }
    const { apply, outbounds, translate } = connect([picky, caller(5)])
    apply(resource("ExternalService", "default", "away", {
      tags: { "kuma.io/service": "a", "kuma.io/protocol": "http" }, networking: { address: "a.example.com:80" }
    }))
    translate()
    const version = () => outbounds("d1").map((one) => one.version).join()
    const before = version()
    apply({ ...caller(5), spec: dataplane("d5", "10.0.0.5", [{ service: "a", protocol: "tcp" }]).spec })
    translate()
    expect(version()).not.toBe(before)
  })

  it("are shared with an access log where Envoys know who they are, and say who they are where they don't", () => {
    const built = (options: Options) => connect(many(20, caller), options).translate() - OWN * 20
    const accessLogPath = "/dev/stdout"
    expect(built({ accessLogPath, nodeOf: knowing })).toBe(2 * SERVICES.length + 1)
    expect(built({ accessLogPath })).toBe(SERVICES.length + 20 * SERVICES.length + 1)
    const lying = () => ({ proxy: "d1", source: "a" })
    const { outbounds, translate } = connect(many(3, caller), { accessLogPath, nodeOf: lying })
    translate()
    const text = (name: string) => outbounds(name).map(({ bytes }) => Buffer.from(bytes).toString("latin1")).join()
    expect(text("d2")).toContain("d2")
    expect(text("d2")).not.toContain("ecs-mesh.proxy")
  })

  it.each([
    ["a file", { type: "File", file: { path: "/var/log/calls" } } as const, 0],
    ["a collector", { type: "OpenTelemetry", openTelemetry: { endpoint: "otel:4317" } } as const, 1],
    ["another host", { type: "Tcp", tcp: { address: "logs:5000" } } as const, 0]
  ])("are shared where policies have calls logged to %s", (_, backend, clusters) => {
    const logged = resource("MeshAccessLog", "default", "all", {
      to: [{ targetRef: { kind: "Mesh" }, default: { backends: [backend] } }]
    })
    const built = (nodeOf: Options["nodeOf"]) => {
      const { apply, translate } = connect(many(20, caller), {
        ...(nodeOf === undefined ? {} : { nodeOf }), carriesLines: true
      })
      apply(logged)
      return translate() - OWN * 20 - clusters
    }
    expect(built(knowing)).toBe(2 * SERVICES.length + 1)
    // Who doesn't know itself says who it is.
    expect(built(undefined)).toBe(SERVICES.length + 20 * SERVICES.length + 1)
  })

  it.each([
    ["one list for all, where nothing goes through a pipe", { type: "File", file: { path: "/var/log/calls" } } as const, 1],
    ["a list each, where lines go through a pipe of its own", { type: "Tcp", tcp: { address: "logs:5000" } } as const, 20]
  ])("are beside kuma-dp %s", (_, backend, lists) => {
    const { apply, kept, translate } = connect(many(20, caller), { nodeOf: knowing, isKumaDp: true })
    apply(resource("MeshAccessLog", "default", "all", {
      to: [{ targetRef: { kind: "Mesh" }, default: { backends: [backend] } }]
    }))
    translate()
    expect(new Set([...kept.values()].map((translation) => translation?.calls)).size).toBe(lists)
  })
})

describe("what is remembered of resources", () => {
  it("doesn't grow while services, proxies and policies come and go", async () => {
    const views = new MeshViews()
    views.apply([mesh(), ...SERVICES.map(port), caller(1), caller(2)].map(created))
    const shared = sharedResources(views)
    const heap = async (): Promise<number> => {
      await collectGarbage()
      return process.memoryUsage().heapUsed
    }
    let kept: ReadonlyArray<ProxyTranslation | null> = []
    let settled = 0
    // Each turn is four changes and more.
    for (let turn = 0; turn < 2_500; turn++) {
      const name = `passing-${turn}`
      const passing = [
        port(name, 100),
        dataplane(name, `10.1.${turn >> 8}.${turn & 255}`, [{ service: name }]),
        ...(turn % 10 === 0 ? [timeout({ idleTimeout: `${turn}ms` })] : []),
        ...(turn % 10 === 5 ? [permission(name, "Allow")] : [])
      ]
      views.apply(passing.map(created))
      kept = ["d1", name].map((one) =>
        translateProxy(views, { proxyType: "dataplane", mesh: "default", name: one }, settings)
      )
      views.apply(passing.map((before) => ({ key: before, before, after: undefined })))
      if (turn % 500 === 0) await collectGarbage()
      if (turn === 500) settled = await heap()
    }
    await collectGarbage()
    expect(kept.length).toBe(2)
    expect(shared.resources.made).toBeGreaterThan(10_000)
    expect(shared.resources.size + shared.uses.size).toBeLessThan(5_000)
    // What 2,000 turns made is more than ten times as much.
    expect(await heap() - settled).toBeLessThan(1_500_000)
  }, 120_000)
})
