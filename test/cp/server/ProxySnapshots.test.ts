import { Context } from "effect"
import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { ProxySnapshots, type Published } from "../../../src/cp/server/ProxySnapshots.ts"
import { type ProxySnapshot, TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import type { MeshTrafficPermission } from "../../../src/model/MeshTrafficPermission.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import { type ControlPlane, dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, start } = await useControlPlanes(mesh("default", true))

const proxyOf = (name: string): ProxyId => ({ proxyType: "dataplane", mesh: "default", name })

const follow = (controlPlane: ControlPlane, name: string, metadata = {}): ReadonlyArray<Published> => {
  const snapshots: Array<Published> = []
  const service = Context.get(controlPlane.services, ProxySnapshots)
  cleanups.push(service.follow(proxyOf(name), metadata, {
    onSnapshot: (published) => snapshots.push(published),
    onCertificate: () => {}
  }))
  return snapshots
}

const names = (snapshot: ProxySnapshot | undefined, type: TypeUrl) => [...snapshot?.get(type)?.keys() ?? []]
const newest = (snapshots: ReadonlyArray<Published>) => snapshots.at(-1)?.snapshot

describe("a followed proxy", () => {
  it("gets nothing before its certificate is there, and both secrets with its first snapshot", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const snapshots = follow(controlPlane, "kv-1")
    await eventually(() => snapshots.length, (count) => count > 0)
    for (const { snapshot } of snapshots) {
      expect(names(snapshot, TypeUrl.Secret)).toEqual(["identity_cert:secret:default", "mesh_ca:secret:default"])
    }
  })

  it("shares one assignment with every other that uses the service", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    await controlPlane.put(dataplane("a-1", "a", { port: 8_081 }, [{ service: "kv", port: 20_000 }]))
    await controlPlane.put(dataplane("b-1", "b", { port: 8_082 }, [{ service: "kv", port: 20_000 }]))
    const [a, b] = [follow(controlPlane, "a-1"), follow(controlPlane, "b-1")]
    const assignment = (snapshots: ReadonlyArray<Published>) => newest(snapshots)?.get(TypeUrl.ClusterLoadAssignment)?.get("kv")
    await eventually(() => [assignment(a), assignment(b)], ([one, other]) => one !== undefined && other !== undefined)
    expect(assignment(a)).toBe(assignment(b))
    const before = [a.length, b.length]
    await controlPlane.put(dataplane("kv-2", "kv", { port: 8_083 }))
    await eventually(() => [a.length, b.length], ([one, other]) => one! > before[0]! && other! > before[1]!)
    expect(assignment(a)).toBe(assignment(b))
    // Nothing but the assignments is another.
    expect(a.at(-1)?.snapshot.get(TypeUrl.Cluster)).toBe(a.at(-2)?.snapshot.get(TypeUrl.Cluster))
  })

  it("whose own certificate's names change gets another", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const snapshots = follow(controlPlane, "kv-1")
    const identity = () => newest(snapshots)?.get(TypeUrl.Secret)?.get("identity_cert:secret:default")?.version
    const before = await eventually(identity, (version) => version !== undefined)
    await controlPlane.put(dataplane("kv-1", "another", { port: 8_080 }))
    await eventually(identity, (version) => version !== undefined && version !== before)
  })

  it("and all others are translated anew between what else is due, also where more changes meanwhile", async () => {
    const controlPlane = await start()
    const outbounds = Array.from({ length: 100 }, (_, at) => ({ service: `s-${at}`, port: 20_000 + at }))
    for (const { port, service } of outbounds) await controlPlane.put(dataplane(service, service, { port }))
    const proxies = Array.from({ length: 30 }, (_, at) => `a-${at}`)
    for (const name of proxies) await controlPlane.put(dataplane(name, "a", { port: 8_081 }, outbounds))
    const followed = proxies.map((name) => follow(controlPlane, name))
    await eventually(() => followed.every((snapshots) => snapshots.length > 0), (all) => all)
    const before = followed.map(newest)
    const timeout = (connectionTimeout: string) =>
      controlPlane.put({
        type: "MeshTimeout",
        mesh: "default",
        name: "all",
        labels: {},
        spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { connectionTimeout } }] }
      })
    await timeout("3s")
    await eventually(() => newest(followed[0] ?? []) !== before[0], (begun) => begun)
    // Something else had its turn while the last one still waited for its own.
    expect(newest(followed.at(-1) ?? [])).toBe(before.at(-1))
    await timeout("4s")
    const seconds = (snapshots: ReadonlyArray<Published>) =>
      /seconds: (\d+)n/.exec(
        inspect(newest(snapshots)?.get(TypeUrl.Cluster)?.get("s-99")?.message, { depth: null })
      )?.[1]
    await eventually(() => followed.map(seconds), (all) => all.every((one) => one === "4"))
  }, 60_000)

  it("that came back before its older stream was over is configured by what it says now", async () => {
    const controlPlane = await start()
    const { spec, ...kv } = dataplane("kv-1", "kv", { port: 8_080 })
    await controlPlane.put({ ...kv, spec: { networking: { ...spec.networking, admin: { port: 9_900 } } } })
    const metadata = (readiness: number) => ({
      "dataplane.admin.address": "127.0.0.1",
      "dataplane.admin.port": "9910",
      "dataplane.readinessReporter.port": `${readiness}`
    })
    const older = follow(controlPlane, "kv-1", metadata(9_901))
    await eventually(() => older.length, (count) => count > 0)
    const cluster = (snapshot: ProxySnapshot | undefined) =>
      inspect([...snapshot?.get(TypeUrl.Cluster)?.values() ?? []].map(({ message }) => message), { depth: null })
    expect(cluster(newest(older))).toContain("9901")
    const newer = follow(controlPlane, "kv-1", metadata(9_902))
    await eventually(() => newer.length, (count) => count > 0)
    expect(cluster(newest(newer))).toContain("9902")
    expect(cluster(newest(newer))).not.toContain("9901")
  })

  it("that can't be translated keeps the last good snapshot, is shown with the reason, and the rest goes on", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    await controlPlane.put(dataplane("a-1", "a", { port: 8_081 }, [{ service: "kv", port: 20_000 }]))
    const snapshots = follow(controlPlane, "a-1")
    await eventually(() => newest(snapshots), (snapshot) => snapshot !== undefined)
    const listeners = names(newest(snapshots), TypeUrl.Listener)
    const status = () => Context.get(controlPlane.services, ProxySnapshots).status(proxyOf("a-1"))
    // What no validator would have let in, put into the database by hand.
    const broken = { from: 5 } as unknown as MeshTrafficPermission
    const policy = { type: "MeshTrafficPermission", mesh: "default", name: "broken", labels: {} } as const
    await controlPlane.put({ ...policy, spec: broken })
    await eventually(status, (seen) => seen !== undefined && seen.failure !== null)
    expect(names(status()?.snapshot ?? undefined, TypeUrl.Listener)).toEqual(listeners)
    const count = snapshots.length
    await controlPlane.put(dataplane("kv-2", "kv", { port: 8_083 }))
    await eventually(() => snapshots.length, (now) => now > count)
    const cla = newest(snapshots)?.get(TypeUrl.ClusterLoadAssignment)?.get("kv")
    expect(cla?.version).not.toBe(snapshots[0]?.snapshot.get(TypeUrl.ClusterLoadAssignment)?.get("kv")?.version)
    await controlPlane.remove(policy)
    await eventually(status, (seen) => seen?.failure === null)
  })

  it("whose Dataplane is gone keeps what it has, and is unknown once nobody follows it", async () => {
    const controlPlane = await start()
    await controlPlane.put(dataplane("kv-1", "kv", { port: 8_080 }))
    const snapshots = follow(controlPlane, "kv-1")
    await eventually(() => snapshots.length, (count) => count > 0)
    const key = { type: "Dataplane", mesh: "default", name: "kv-1" } as const
    await controlPlane.remove(key)
    const status = () => Context.get(controlPlane.services, ProxySnapshots).status(proxyOf("kv-1"))
    await controlPlane.put(dataplane("other", "other", { port: 8_090 }))
    expect(names(status()?.snapshot ?? undefined, TypeUrl.Listener)).toContain("inbound:127.0.0.1:8080")
    for (const cleanup of cleanups.splice(1)) await cleanup()
    expect(status()).toBeUndefined()
  })
})
