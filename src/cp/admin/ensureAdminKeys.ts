/** The keys as the store has them, made where it has none: the same for all replicas, and from one start to the next. */
import { Clock, Effect, Layer } from "effect"
import type { Resource, ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { AdminKeys } from "./AdminKeys.ts"
import { makeAdminKeys, readAdminKeys, writeAdminKeys } from "./adminCa.ts"

/** Kuma's name. */
export const ADMIN_CA: ResourceKey<"GlobalSecret"> = { type: "GlobalSecret", mesh: "", name: "envoy-admin-ca" }

const secretOf = (keys: AdminKeys) => ({
  ...ADMIN_CA, labels: {}, spec: { data: Buffer.from(writeAdminKeys(keys)).toString("base64") }
})

/** Null where what is kept there is of no use: it is somebody's, so it isn't replaced. */
export const ensureAdminKeys: Effect.Effect<AdminKeys | null, StoreUnavailable, Store> = Effect.gen(function*() {
  const store = yield* Store
  const now = yield* Clock.currentTimeMillis
  while (true) {
    const secret = yield* store.get(ADMIN_CA).pipe(
      Effect.map((found): Resource<"GlobalSecret"> | null => found),
      Effect.catchTag("NotFound", () => Effect.succeed(null))
    )
    const text = Buffer.from(secret?.spec.data ?? "", "base64").toString("utf8")
    const read = secret === null
      ? { _tag: "Completed" as const, keys: yield* Effect.promise(() => makeAdminKeys(now)) }
      : yield* Effect.promise(() => readAdminKeys(text, now))
    if (read._tag === "Kept") return read.keys
    if (read._tag === "Unusable") {
      yield* Effect.logError(
        `The GlobalSecret ${ADMIN_CA.name} can't be used, so no proxy can be asked for its statistics: put another ` +
          "one there, or remove it, and restart"
      ).pipe(Effect.annotateLogs({ why: read.why }))
      return null
    }
    const written = yield* store.put(secretOf(read.keys), { expect: secret?.version ?? "absent" }).pipe(
      Effect.as(true),
      // Another replica was first: what it wrote counts.
      Effect.catchTag("Conflict", () => Effect.succeed(false))
    )
    if (written) return read.keys
  }
})

export const adminKeysLive = Layer.effect(AdminKeys, ensureAdminKeys)
