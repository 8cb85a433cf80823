import { Effect, Layer, Schedule } from "effect"
import { describe, expect, it } from "vitest"
import type { Identity } from "../../../src/cp/auth/Authenticator.ts"
import { Insights, insightKey } from "../../../src/cp/insight/Insights.ts"
import { ProxyRegistration } from "../../../src/cp/server/ProxyRegistration.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { proxyKey } from "../../../src/model/proxyResource.ts"
import { Store } from "../../../src/model/Store.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { dataplane, mesh } from "./startControlPlane.ts"

const databases = useTestDatabases()
const proxy = { proxyType: "dataplane", mesh: "default", name: "kv-1" } as const
const identity: Identity = { method: "none" }
const { spec, labels: _, ...named } = dataplane("kv-1", "kv", { port: 8_080 })
const own = JSON.stringify({ ...named, ...spec })
const GRACE_MILLIS = 400

/** One control plane's registration and insights, for as long as the effect in it runs. */
const replica = (instanceId: string) =>
  ProxyRegistration.layer({
    enabled: true,
    zone: "zone-1",
    instanceId,
    deregistrationDelayMillis: 100,
    graceMillis: GRACE_MILLIS
  }).pipe(
    Layer.provideMerge(Insights.layer({ instanceId, flushMillis: 20 })),
    Layer.provideMerge(ResourceCacheLive)
  )

/** The proxy's stream at the replica, from its connection on. */
const connect = Effect.gen(function*() {
  yield* (yield* ProxyRegistration).connected(proxy, identity, own)
  return (yield* Insights).open(proxy, null, Date.now())
})

const found = Effect.gen(function*() {
  return yield* (yield* Store).get(proxyKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))
})
const insight = Effect.gen(function*() {
  return yield* (yield* Store).get(insightKey(proxy)).pipe(
    Effect.retry({ times: 300, schedule: Schedule.spaced("10 millis") })
  )
})
const gone = found.pipe(
  Effect.flatMap((still) => (still === null ? Effect.void : Effect.fail("still there"))),
  Effect.retry({ times: 500, schedule: Schedule.spaced("10 millis") })
)

/** What a control plane leaves that is killed with the proxy's stream open. */
const crash = connect.pipe(Effect.andThen(insight), Effect.provide(replica("cp-old"), { local: true }))

const run = async <A, E>(test: Effect.Effect<A, E, Store>) => {
  const config = await databases.create()
  return Effect.runPromise(
    Effect.gen(function*() {
      yield* (yield* Store).put(mesh("default", false))
      return yield* test
    }).pipe(Effect.provide(PostgresStore.layer(config)), Effect.scoped)
  )
}

describe("after a control plane that is gone", () => {
  it("a proxy that never comes back is removed", () =>
    run(crash.pipe(
      Effect.andThen(Effect.tap(found, (there) => Effect.sync(() => expect(there).not.toBeNull()))),
      Effect.andThen(gone.pipe(Effect.provide(replica("cp-new"), { local: true })))
    )))

  it("a proxy that comes back stays", async () => {
    const there = await run(crash.pipe(
      Effect.andThen(
        connect.pipe(
          Effect.andThen(Effect.sleep(3 * GRACE_MILLIS)),
          Effect.andThen(found),
          Effect.provide(replica("cp-new"), { local: true })
        )
      )
    ))
    expect(there?.labels).toMatchObject({ "ecs-mesh.io/registered-at": "cp-new" })
  })

  it("a proxy that another replica has stays, and nothing of the question is left", async () => {
    const seen = await run(
      connect.pipe(
        Effect.andThen(insight),
        Effect.andThen(
          Effect.sleep(3 * GRACE_MILLIS).pipe(
            Effect.andThen(Effect.all({ found, insight })),
            Effect.provide(replica("cp-new"), { local: true })
          )
        ),
        Effect.provide(replica("cp-other"), { local: true })
      )
    )
    expect(seen.found?.version).toBe(1)
    expect(seen.insight.labels).toEqual({})
    // It was asked for.
    expect(seen.insight.version).toBeGreaterThanOrEqual(3)
  })

  it("what a person put there stays, connected once or not, and so does the operator's", async () => {
    const others = await run(
      Effect.gen(function*() {
        const { list, put } = yield* Store
        yield* put(dataplane("kv-1", "kv", { port: 8_080 }))
        yield* put({ ...dataplane("kv-2", "kv", { port: 8_081 }), labels: { "ecs-mesh.io/task": "kv-2" } })
        // Without a resource of its own.
        const left = Effect.gen(function*() {
          yield* (yield* ProxyRegistration).connected(proxy, identity, null)
          const insights = yield* Insights
          insights.open(proxy, null, Date.now()).record({ _tag: "Disconnected", at: Date.now() })
          yield* insight
        })
        yield* Effect.provide(left, replica("cp-old"), { local: true })
        yield* Effect.provide(Effect.sleep(3 * GRACE_MILLIS), replica("cp-new"), { local: true })
        return yield* list("Dataplane")
      })
    )
    expect(others.map(({ name }) => name)).toEqual(["kv-1", "kv-2"])
  })
})
