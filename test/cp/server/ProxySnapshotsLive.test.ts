import { Context, Layer, Logger, ManagedRuntime, References, Scheduler } from "effect"
import { expect, it } from "vitest"
import { CaUnavailable, CertificateAuthority } from "../../../src/cp/ca/CertificateAuthority.ts"
import { ProxySnapshots } from "../../../src/cp/server/ProxySnapshots.ts"
import { ProxySnapshotsLive } from "../../../src/cp/server/ProxySnapshotsLive.ts"
import { VIEWED } from "../../../src/cp/snapshot/MeshViews.ts"
import { ResourceCache, type ResourceChange } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceIndex } from "../../../src/cp/snapshot/ResourceIndex.ts"
import { useCleanups } from "../../support/useCleanups.ts"
import { dataplane, resource } from "../snapshot/resources.ts"
import { eventually } from "./startControlPlane.ts"

const cleanups = useCleanups()

const noAuthority = CertificateAuthority.of({
  open: (mesh) => new CaUnavailable({ mesh, message: "not of use here" }),
  left: () => {}
})

it("a change that comes right after everything was read isn't lost", async () => {
  const index = new ResourceIndex()
  const listeners = new Set<(changes: ReadonlyArray<ResourceChange>) => void>()
  const put = (...resources: ReadonlyArray<Parameters<ResourceIndex["set"]>[1] & object>): void => {
    const changes = resources.flatMap((one) => index.set(one, one) ?? [])
    for (const listener of listeners) listener(changes)
  }
  put(resource("Mesh", "", "default", {}))
  const cache = ResourceCache.of({
    get: (key) => index.get(key),
    list: (type, mesh) => {
      if (type === VIEWED.at(-1)) setImmediate(() => put(dataplane("kv-1", "10.0.0.1", [{ service: "kv" }])))
      return index.list(type, mesh)
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  })
  const runtime = ManagedRuntime.make(
    ProxySnapshotsLive({ zone: "zone-1", accessLogPath: null }).pipe(
      Layer.provide([Layer.succeed(ResourceCache, cache), Layer.succeed(CertificateAuthority, noAuthority)]),
      // Whatever may come between two steps comes.
      Layer.provide(Layer.succeed(Scheduler.MaxOpsBeforeYield, 3))
    )
  )
  cleanups.push(() => runtime.dispose())
  const snapshots = Context.get(await runtime.context(), ProxySnapshots)
  await eventually(() => index.list("Dataplane"), (all) => all.length === 1)
  let told = 0
  snapshots.follow({ proxyType: "dataplane", mesh: "default", name: "kv-1" }, {}, {
    onSnapshot: () => {
      told += 1
    },
    onCertificate: () => {}
  })
  await eventually(() => told, (times) => times > 0)
})

it("what of proxies' configuration isn't made is told once, whichever proxies it is about", async () => {
  const index = new ResourceIndex()
  const logs = resource("MeshAccessLog", "default", "logs", {
    // As a version may have stored it that refused less.
    from: [{ targetRef: { kind: "Mesh" }, default: { backends: [{ type: "File", file: { path: "/" } }] } }]
  })
  const names = ["kv-1", "kv-2", "kv-3"]
  const proxies = names.map((name, at) => dataplane(name, `10.0.0.${at}`, [{ service: "kv" }]))
  for (const one of [resource("Mesh", "", "default", {}), logs, ...proxies]) index.set(one, one)
  const cache = ResourceCache.of({
    get: (key) => index.get(key),
    list: (type, mesh) => index.list(type, mesh),
    onChange: () => () => {}
  })
  const told: Array<unknown> = []
  const logger = Logger.make(({ fiber, message }) => {
    const { proxy, ...rest } = fiber.getRef(References.CurrentLogAnnotations)
    told.push({ message, ...rest })
  })
  const runtime = ManagedRuntime.make(
    ProxySnapshotsLive({ zone: "zone-1", accessLogPath: null }).pipe(
      Layer.provide([Layer.succeed(ResourceCache, cache), Layer.succeed(CertificateAuthority, noAuthority)]),
      Layer.provideMerge(Logger.layer([logger]))
    )
  )
  cleanups.push(() => runtime.dispose())
  const snapshots = Context.get(await runtime.context(), ProxySnapshots)
  const built = new Set<string>()
  for (const name of names) {
    snapshots.follow({ proxyType: "dataplane", mesh: "default", name }, {}, {
      onSnapshot: () => void built.add(name),
      onCertificate: () => {}
    })
  }
  await eventually(() => built.size, (size) => size === names.length)
  expect(told).toEqual([{
    message: ["A part of a proxy's configuration isn't made; the rest is"],
    mesh: "default",
    reason: "BackendUnusable",
    problem: expect.stringContaining("apply the policy again")
  }])
})
