/**
 * Makes the store say what was decided about one task. Receives an observation, writes the proxy's resource and the
 * EcsTask, each only over what was observed, and answers when to look again.
 */
import { Clock, Effect, Exit } from "effect"
import { isDeepStrictEqual } from "node:util"
import { Journal } from "../../model/Journal.ts"
import { type DesiredResource, formatKey, type Resource, type ResourceType } from "../../model/Resource.ts"
import { type Conflict, Store, type StoreUnavailable } from "../../model/Store.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { done, lookAgain, type Outcome, retry, terminal } from "../queue/Outcome.ts"
import { conclude, recordOf } from "./conclude.ts"
import type { Decision, ProxyKind } from "./decide.ts"
import { LastStored } from "./LastStored.ts"
import { OwnWrites } from "./OwnWrites.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"

/** Whether the store has to be written so that it holds `desired` where it holds `stored`. */
const differs = (stored: Resource | null, desired: DesiredResource | null): boolean =>
  stored === null || desired === null
    ? stored !== desired
    : !isDeepStrictEqual(stored.spec, desired.spec) || !isDeepStrictEqual(stored.labels, desired.labels)

/** What is stored keeps its mesh by itself. */
const whileNew = (stored: Resource | null, { mesh }: DesiredResource) => stored === null ? whileMesh(mesh) : {}

/** Puts or removes so that the store holds `desired` where it held `stored`. */
const settle = Effect.fnUntraced(function*<T extends ResourceType>(
  key: string,
  stored: Resource<T> | null,
  desired: DesiredResource<T> | null
): Effect.fn.Return<void, Conflict | StoreUnavailable, Store | Journal | OwnWrites | LastStored> {
  if (!differs(stored, desired)) return
  const store = yield* Store
  const journal = yield* Journal
  const own = yield* OwnWrites
  const last = yield* LastStored
  if (desired !== null) {
    // Before: the store may tell of it sooner than it answers.
    own.note(desired, stored === null ? "new" : stored.version + 1)
    const take = last.ask(desired)
    const { version } = yield* store.put(desired, { expect: stored?.version ?? "absent", ...whileNew(stored, desired) }).pipe(
      Effect.tapError(() => Effect.sync(() => own.forget(desired))),
      Effect.onExit((exit) => Effect.sync(() => take(Exit.isSuccess(exit) ? exit.value : null)))
    )
    own.note(desired, version)
    journal.append({ kind: "stored", key, op: "put", resource: formatKey(desired), version })
  } else if (stored !== null) {
    // Before as well, and nobody asks about it a second time.
    own.note(stored, null)
    last.forget(stored)
    yield* store.remove(stored, { expect: stored.version }).pipe(Effect.catchTag("NotFound", () => Effect.void))
    journal.append({ kind: "stored", key, op: "remove", resource: formatKey(stored), version: stored.version })
  }
})

const outcomeOf = (decision: Decision<ProxyResourceType>): Outcome => {
  if (decision.retry !== null) return retry(decision.retry)
  if (decision.terminal !== null) return terminal(decision.terminal)
  return decision.wakeAt === null || decision.patience === null ? done : lookAgain(decision.wakeAt, decision.patience)
}

export const reconcileProxy = Effect.fnUntraced(function*<
  T extends ProxyResourceType,
  O extends ProxyObservation<T>
>(
  kind: ProxyKind<T, O>,
  key: string,
  observation: O
): Effect.fn.Return<Outcome, Conflict | StoreUnavailable, Store | Journal | OwnWrites | LastStored> {
  const journal = yield* Journal
  const own = yield* OwnWrites
  const now = yield* Clock.currentTimeMillis
  const { previous, stored } = observation

  const conclusion = conclude(kind, observation, now)
  const { decision, told, why } = conclusion
  const { phase, desired } = decision

  // AWS was asked before the store. What somebody else wrote meanwhile may follow from a newer answer, so it is changed
  // only by a look that began after it was known.
  for (const [found, wanted] of [[stored, desired], [previous, told]] as const) {
    const isKnown = found === null || own.knows(found, found.version)
    if (!isKnown && differs(found, wanted)) {
      return retry(`${formatKey(found)} was written while its task was looked at`)
    }
  }

  // A look that changes nothing leaves no trace: health is looked at every few seconds.
  if (differs(stored, desired) || differs(previous, told)) {
    journal.append({ kind: "observation", key, of: kind.type, settings: kind.settings, observation })
    journal.append({ kind: "decision", key, ...recordOf(observation, conclusion, now) })
  }
  if (phase === "refused" && previous?.spec.phase !== "refused") {
    yield* Effect.logWarning("A task may not join the mesh").pipe(Effect.annotateLogs({ key, why }))
  }
  // The proxy's resource first: what the EcsTask says of it is true then, and a crash in between is seen as such.
  yield* settle(key, stored, desired)
  yield* settle(key, previous, told)
  return outcomeOf(decision)
})
