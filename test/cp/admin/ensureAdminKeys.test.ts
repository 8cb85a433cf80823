import { Effect } from "effect"
import { expect, it } from "vitest"
import { makeAdminKeys, readAdminKeys, writeAdminKeys } from "../../../src/cp/admin/adminCa.ts"
import { ADMIN_CA, ensureAdminKeys } from "../../../src/cp/admin/ensureAdminKeys.ts"
import { Store } from "../../../src/model/Store.ts"
import { openStore, useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()

const onStore = async <A>(use: (store: Store["Service"]) => Effect.Effect<A, unknown>): Promise<A> => {
  const config = await databases.create()
  return Effect.runPromise(Effect.scoped(Effect.flatMap(openStore(config), use)).pipe(Effect.orDie))
}

const secretOf = (text: string) => ({ ...ADMIN_CA, labels: {}, spec: { data: Buffer.from(text).toString("base64") } })

it("replicas that start at once, and later ones, have the same keys, which are in the store", () =>
  onStore((store) =>
    Effect.gen(function*() {
      const ensure = Effect.provideService(ensureAdminKeys, Store, store)
      const [one, other] = yield* Effect.all([ensure, ensure], { concurrency: 2 })
      expect(one).not.toBe(null)
      expect(other).toEqual(one)
      expect(yield* ensure).toEqual(one)
      expect((yield* store.get(ADMIN_CA)).version).toBe(1)
    })
  ))

it("a CA that Kuma kept goes on being used, and is kept with what it lacks", () =>
  onStore((store) =>
    Effect.gen(function*() {
      const ensure = Effect.provideService(ensureAdminKeys, Store, store)
      const { ca } = yield* Effect.promise(() => makeAdminKeys(Date.now()))
      yield* store.put(secretOf(ca.certificatePem + ca.keyPem))
      const keys = yield* ensure
      expect(keys?.ca).toEqual(ca)
      expect(yield* ensure).toEqual(keys)
      const kept = Buffer.from((yield* store.get(ADMIN_CA)).spec.data ?? "", "base64").toString()
      expect(keys === null ? "" : writeAdminKeys(keys)).toBe(kept)
      expect(yield* Effect.promise(() => readAdminKeys(kept, Date.now()))).toMatchObject({ _tag: "Kept" })
    })
  ))

it("what is of no use stays as it is, and nobody is asked", () =>
  onStore((store) =>
    Effect.gen(function*() {
      yield* store.put(secretOf("nothing of the kind"))
      expect(yield* Effect.provideService(ensureAdminKeys, Store, store)).toBe(null)
      expect((yield* store.get(ADMIN_CA)).version).toBe(1)
    })
  ))
