/**
 * Puts what proxies bring along into the store: completed, judged by their tokens, marked as brought, newcomers
 * together. Never over what the operator wrote, nor over what a token isn't for.
 */
import { isDeepStrictEqual } from "node:util"
import { Effect, Schema } from "effect"
import { completeResource } from "../../model/completeResource.ts"
import { BROUGHT_LABEL, TASK_LABEL } from "../../model/dataplaneLabels.ts"
import { Journal } from "../../model/Journal.ts"
import { proxyKey, type ProxyResource } from "../../model/proxyResource.ts"
import { nodeId, type ProxyId } from "../../model/ProxyType.ts"
import { type DesiredResource, formatKey, type Resource } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { violationText } from "../../model/Violation.ts"
import { meshKey, whileMesh } from "../../model/whileMesh.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { keepReported } from "../hds/serviceProbes.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { judgeOwnResource } from "./judgeOwnResource.ts"
import { readOwnResource } from "./readOwnResource.ts"
import { makeTogether } from "./Together.ts"

/** The proxy's own resource can't be taken; the message says what to change. */
export class RegistrationRefused extends Schema.TaggedError<RegistrationRefused>()("RegistrationRefused", {
  message: Schema.String
}) {}

const isSame = (stored: Resource, brought: DesiredResource): boolean =>
  isDeepStrictEqual(stored.spec, brought.spec) && isDeepStrictEqual(stored.labels, brought.labels)

/** Tells the journal what was written or removed of what a proxy brought. */
export const noteBrought = (journal: Journal["Service"], op: "put" | "remove", stored: Resource): void => {
  const resource = formatKey(stored)
  journal.append({ kind: "stored", key: resource, op, resource, version: stored.version })
}

/** Whether this is the very state that another was. */
const isOne = (found: Resource | undefined, known: Resource): boolean =>
  found?.version === known.version && found.creationTime === known.creationTime

/** A proxy, who it is, and what it brought along. */
interface Brought {
  readonly proxy: ProxyId
  readonly identity: Identity
  readonly resource: ProxyResource
  /** To be called once it is stored, or found to be, whatever comes after that: then it is ours to remove. */
  readonly stored: (isWritten: boolean) => void
}

const keepHealth = (before: ProxyResource | null, brought: ProxyResource): ProxyResource =>
  before?.type === "Dataplane" && brought.type === "Dataplane"
    ? { ...brought, spec: keepReported(before.spec, brought.spec) }
    : brought

/** Newcomers within this time after one are written together: each write is a statement, and news for everybody. */
const NEWCOMERS_MILLIS = 50

export const ownResources = Effect.fnUntraced(function*(zone: string) {
  const store = yield* Store
  const cache = yield* ResourceCache
  const journal = yield* Journal
  const newcomers = yield* makeTogether(NEWCOMERS_MILLIS)

  /** The store, not the cache: one that was made a moment ago counts. Null where the proxy belongs to none. */
  const meshOf = Effect.fnUntraced(function*({ mesh }: ProxyId): Effect.fn.Return<
    Resource<"Mesh"> | null,
    RegistrationRefused | StoreUnavailable
  > {
    if (mesh === "") return null
    return yield* store.get(meshKey(mesh)).pipe(
      Effect.catchTag("NotFound", () =>
        new RegistrationRefused({ message: `mesh "${mesh}" does not exist; create it first` }))
    )
  })

  /** What is stored of it. The store, not the cache: whose proxy it is counts, as of this moment. */
  const storedOf = (proxy: ProxyId) =>
    store.get(proxyKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

  /** What it brought, as it is to be stored in this mesh. */
  const completed = Effect.fnUntraced(function*(
    { identity, resource }: Brought,
    mesh: Resource<"Mesh"> | null
  ): Effect.fn.Return<ProxyResource, Refused> {
    const complete = completeResource(resource, zone, mesh?.spec ?? {})
    const refused = judgeOwnResource(identity, complete)
    if (refused !== null) return yield* refused
    return { ...complete, labels: { ...complete.labels, [BROUGHT_LABEL]: "true" } }
  })

  /** Seen to its end: given up it may be done all the same, and nobody would know whose it is. */
  const put = ({ stored }: Brought, resource: ProxyResource, expect: number | "absent") =>
    store.put(resource, { expect, ...whileMesh(resource.mesh) }).pipe(
      Effect.tap((written) =>
        Effect.sync(() => {
          noteBrought(journal, "put", written)
          stored(true)
        })
      ),
      Effect.uninterruptible
    )

  const takeBack = (stored: Resource) =>
    Effect.andThen(
      store.remove(stored, { expect: stored.version }),
      Effect.sync(() => noteBrought(journal, "remove", stored))
    )

  const putOverStored = Effect.fnUntraced(function*(brought: Brought) {
    const { identity, proxy } = brought
    const [mesh, before] = yield* Effect.all([meshOf(proxy), storedOf(proxy)], { concurrency: 2 })
    const resource = keepHealth(before, yield* completed(brought, mesh))
    if (before !== null && before.labels[TASK_LABEL] !== undefined) return
    const foreign = before === null ? null : judgeOwnResource(identity, before)
    if (foreign !== null) return yield* foreign
    // A proxy that comes back mostly brings what it brought before.
    if (before !== null && isSame(before, resource)) return brought.stored(false)
    yield* put(brought, resource, before === null ? "absent" : before.version)
  }, Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }))

  /**
   * Whether the mesh was still this one when the resource was written. The cache follows the order of the
   * commits: where it has the resource, it has what was committed before.
   */
  const wasStill = (mesh: Resource<"Mesh">, stored: Resource) => {
    const key = meshKey(mesh.name)
    const now = isOne(cache.get(stored), stored)
      ? Effect.succeed(cache.get(key))
      : Effect.catchTag(store.get(key), "NotFound", () => Effect.succeed(undefined))
    return Effect.map(now, (found) => isOne(found, mesh))
  }

  /**
   * One that the cache doesn't know is most likely new, and its mesh as the cache has it: it is put where nothing
   * is, with no look at what isn't there. Where that was too bold, what is stored is looked at.
   */
  const putWhereNothingIs = Effect.fnUntraced(function*(brought: Brought) {
    const { proxy } = brought
    const mesh = cache.get(meshKey(proxy.mesh)) ?? (yield* meshOf(proxy))
    const resource = yield* completed(brought, mesh)
    yield* newcomers.pass
    const stored = yield* put(brought, resource, "absent")
    if (mesh === null || (yield* wasStill(mesh, stored))) return
    yield* putOverStored(brought).pipe(
      // Its mesh has gone meanwhile, or takes it no longer: nothing of it is to be left.
      Effect.tapError(() => Effect.ignore(takeBack(stored)))
    )
  })

  const register = Effect.fnUntraced(function*(
    proxy: ProxyId,
    identity: Identity,
    yaml: string,
    stored: (isWritten: boolean) => void
  ) {
    const own = readOwnResource(yaml, proxy, zone)
    if ("violations" in own) {
      const causes = own.violations.map(({ field, message }) => `${field}: ${message}`).join("; ")
      return yield* new RegistrationRefused({ message: `the proxy's own resource isn't valid: ${causes}` })
    }
    if (own.warnings.length > 0) {
      yield* Effect.logWarning("A proxy's own resource has fields that are left out").pipe(
        Effect.annotateLogs({
          proxy: nodeId(proxy),
          fields: own.warnings.slice(0, 20).map(violationText).join("; ")
        })
      )
    }
    const brought = { proxy, identity, resource: own.resource, stored }
    yield* cache.get(proxyKey(proxy)) === undefined
      ? Effect.catchTag(putWhereNothingIs(brought), "Conflict", () => putOverStored(brought))
      : putOverStored(brought)
  })

  return { register }
})

export type Register = Effect.Success<ReturnType<typeof ownResources>>["register"]
