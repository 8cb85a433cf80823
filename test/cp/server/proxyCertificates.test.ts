import { Context, Deferred, Effect, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { CertificateAuthority } from "../../../src/cp/ca/CertificateAuthority.ts"
import { CertificateAuthorityLive } from "../../../src/cp/ca/CertificateAuthorityLive.ts"
import { ProxySnapshots } from "../../../src/cp/server/ProxySnapshots.ts"
import { ProxySnapshotsLive } from "../../../src/cp/server/ProxySnapshotsLive.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { dataplane, eventually, loopbackTls, mesh, startControlPlane } from "./startControlPlane.ts"

const databases = useTestDatabases()
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const

describe("while a proxy's certificate is being issued", () => {
  it("a change of the proxy gives it up as little as it starts a second; then its names are looked at again", async () => {
    const config = await databases.create()
    const asked: Array<string> = []
    let givenUp = 0
    const free = Effect.runSync(Deferred.make<void>())
    const slow = Layer.effect(
      CertificateAuthority,
      Effect.map(CertificateAuthority, (authority) => ({
        ...authority,
        open: (mesh) =>
          Effect.map(authority.open(mesh), (opened) => ({
            ...opened,
            certificate: (request) =>
              Effect.suspend(() => {
                asked.push(request.tags.map((tags) => tags["kuma.io/service"]).join())
                return Deferred.await(free)
              }).pipe(
                Effect.andThen(opened.certificate(request)),
                Effect.onInterrupt(() => Effect.sync(() => void (givenUp += 1)))
              )
          }))
      }))
    ).pipe(Layer.provide(CertificateAuthorityLive))
    const seen = Effect.gen(function*() {
      const { put } = yield* Store
      const cache = yield* ResourceCache
      const snapshots = yield* ProxySnapshots
      const certificates: Array<number> = []
      snapshots.follow(proxy, {}, {
        onSnapshot: () => {},
        onCertificate: ({ issuedAt }) => certificates.push(issuedAt)
      })
      const until = (holds: () => boolean) => Effect.promise(() => eventually(holds, (so) => so))
      yield* until(() => asked.length === 1)
      for (const [service, ready] of [["kv", false], ["kv", true], ["renamed", true]] as const) {
        const { version } = yield* put(dataplane("kv-1", service, { port: 8_080, ready }))
        yield* until(() => cache.get({ type: "Dataplane", mesh: "default", name: "kv-1" })?.version === version)
      }
      expect([asked, givenUp]).toEqual([["kv"], 0])
      yield* Deferred.succeed(free, undefined)
      yield* until(() => certificates.length === 2)
      return { asked, givenUp }
    })
    const result = await Effect.runPromise(
      Effect.gen(function*() {
        yield* (yield* Store).put(mesh("default", true))
        yield* (yield* Store).put(dataplane("kv-1", "kv", { port: 8_080 }))
        return yield* seen.pipe(
          Effect.provide(
            ProxySnapshotsLive({ zone: "default", accessLogPath: null }).pipe(
              Layer.provide(slow),
              Layer.provideMerge(ResourceCacheLive)
            )
          )
        )
      }).pipe(Effect.provide(PostgresStore.layer(config)), Effect.scoped)
    )
    expect(result).toEqual({ asked: ["kv", "renamed"], givenUp: 0 })
  })
})

it("proxies that come back are served the very secrets that they had", async () => {
  const tls = await loopbackTls()
  const controlPlane = await startControlPlane({ store: await databases.create(), tls })
  try {
    await controlPlane.put(mesh("default", true))
    const proxies = ["kv-1", "kv-2", "kv-3"]
    for (const name of proxies) await controlPlane.put(dataplane(name, "kv", { port: 8_080 }))
    const snapshots = Context.get(controlPlane.services, ProxySnapshots)
    const connect = async () => {
      const secrets = new Map<string, ReadonlyArray<string>>()
      const stops = proxies.map((name) =>
        snapshots.follow({ ...proxy, name }, {}, {
          onSnapshot: ({ snapshot }) => {
            const versions = [...snapshot.get(TypeUrl.Secret)?.values() ?? []].map(({ version }) => version)
            secrets.set(name, versions)
          },
          onCertificate: () => {}
        })
      )
      await eventually(() => secrets.size, (size) => size === proxies.length)
      for (const stop of stops) stop()
      return secrets
    }
    const before = await connect()
    expect(new Set([...before.values()].flat()).size).toBe(4)
    expect(await connect()).toEqual(before)
  } finally {
    await controlPlane.stop()
  }
})
