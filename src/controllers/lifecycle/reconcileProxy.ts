/**
 * Makes the store say what was decided about one task. Receives an observation, writes the proxy's resource and the
 * EcsTask, each only over what was observed, and answers when to look again.
 */
import { Clock, Effect } from "effect"
import { Journal } from "../../model/Journal.ts"
import { type DesiredResource, formatKey, type Resource, type ResourceType } from "../../model/Resource.ts"
import { type Conflict, Store, type StoreUnavailable } from "../../model/Store.ts"
import { done, type Outcome, retry, terminal, wakeAt } from "../queue/Outcome.ts"
import { decide, type Decision, type ProxyKind, startOf } from "./decide.ts"
import { ecsTask } from "./ecsTask.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"

/** Puts or removes so that the store holds `desired` where it held `stored`. */
const settle = Effect.fnUntraced(function*<T extends ResourceType>(
  key: string,
  stored: Resource<T> | null,
  desired: DesiredResource<T> | null
): Effect.fn.Return<void, Conflict | StoreUnavailable, Store | Journal> {
  const store = yield* Store
  const journal = yield* Journal
  if (desired !== null) {
    const { version } = yield* store.put(desired, { expect: stored?.version ?? "absent" })
    if (version !== stored?.version) {
      journal.append({ kind: "stored", key, op: "put", resource: formatKey(desired), version })
    }
  } else if (stored !== null) {
    yield* store.remove(stored, { expect: stored.version }).pipe(Effect.catchTag("NotFound", () => Effect.void))
    journal.append({ kind: "stored", key, op: "remove", resource: formatKey(stored), version: stored.version })
  }
})

const outcomeOf = (decision: Decision<ProxyResourceType>): Outcome => {
  if (decision.retry !== null) return retry(decision.retry)
  if (decision.terminal !== null) return terminal(decision.terminal)
  return decision.wakeAt === null ? done : wakeAt(decision.wakeAt)
}

/** The statement that explains the phase: the first that isn't true, or the last that is. */
const why = ({ conditions }: Decision<ProxyResourceType>): string => {
  const telling = conditions.find(({ status }) => status !== "True") ?? conditions.at(-1)
  return telling === undefined ? "" : `${telling.reason}: ${telling.message}`
}

export const reconcileProxy = Effect.fn("reconcileProxy")(function*<
  T extends ProxyResourceType,
  O extends ProxyObservation<T>
>(
  kind: ProxyKind<T, O>,
  key: string,
  observation: O,
  zone: string
): Effect.fn.Return<Outcome, Conflict | StoreUnavailable, Store | Journal> {
  const journal = yield* Journal
  const now = yield* Clock.currentTimeMillis
  const { look: { task }, previous, stored } = observation
  journal.append({ kind: "observation", key, observation })

  const first = decide(kind, startOf(kind, observation), { type: "OBSERVED", observation }, now)
  yield* settle(key, stored, first.desired)
  const decision = first.phase === "valid" && first.desired !== null
    ? decide(kind, first.snapshot, { type: "STORED", observation }, now)
    : first

  const { phase, desired, conditions } = decision
  journal.append({
    kind: "decision",
    key,
    from: previous?.spec.phase ?? null,
    to: phase,
    why: why(decision),
    desired: desired === null ? null : formatKey(desired),
    conditions,
    wakeAt: decision.wakeAt
  })
  if (phase === "refused" && previous?.spec.phase !== "refused") {
    yield* Effect.logWarning("A task may not join the mesh").pipe(Effect.annotateLogs({ key, why: why(decision) }))
  }
  yield* settle(key, previous, phase === "gone" || task === null ? null : ecsTask(observation, task, decision, zone))
  return outcomeOf(decision)
})
