import { Context, Layer, ManagedRuntime, Scheduler } from "effect"
import { it } from "vitest"
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
