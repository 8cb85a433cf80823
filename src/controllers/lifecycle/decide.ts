/**
 * What a look at a task means: the one place that asks the state machine. Pure: the same snapshot and event give the
 * same decision, so that a journal can be replayed. What is desired follows from (phase, observation), never from the
 * way there.
 */
import type { Condition } from "../../model/Condition.ts"
import type { TaskPhase } from "../../model/EcsTask.ts"
import type { DesiredResource } from "../../model/Resource.ts"
import { conditions, type Derivation } from "./conditions.ts"
import type { Facts } from "./Facts.ts"
import { type Claim, judge, type Verdict } from "./judge.ts"
import { nextSnapshot } from "./nextSnapshot.ts"
import type { ProxyMachine } from "./proxyMachine.ts"
import type { ProxyObservation, ProxyResourceType } from "./ProxyObservation.ts"
import { restore, type Snapshot } from "./restore.ts"
import { addressOf, isGone, isStopping, type TaskObservation } from "./TaskObservation.ts"

/** What of the operator's configuration decisions depend on. */
export interface KindSettings {
  readonly zone: string
  /** ECS tag keys that become tags of the inbounds. */
  readonly copyTags?: ReadonlyArray<string>
  readonly outboundAddress?: "loopback" | "task"
}

/** What is particular to a kind of proxy. All functions are pure. */
export interface ProxyKind<T extends ProxyResourceType, O extends ProxyObservation<T>> {
  readonly type: T
  /** All that its functions depend on beside what they are given. */
  readonly settings: KindSettings
  readonly machine: ProxyMachine
  /** The resource that stands for the proxy, as far as it follows from what was observed. */
  readonly derive: (observation: O) => Derivation<DesiredResource<T>>
  /** What the proxy wants to be. */
  readonly claim: (observation: O, derivation: Derivation<DesiredResource<T>>) => Claim
  /** `resource` with what the observation says of its readiness; of one that stops, so that nobody new uses it. */
  readonly refresh: (resource: DesiredResource<T>, observation: O) => DesiredResource<T>
  /** Why its resource says now that it may get traffic, or may not; absent where it never does. */
  readonly readiness?: (observation: O) => string
  /** Milliseconds within which to look again, as something may change of which no event tells; null: never. */
  readonly lookAgainAfter: (observation: O) => number | null
}

export interface ProxyDecisionEvent<O> {
  /** OBSERVED: somebody looked. STORED: the desired resource is in the store now. */
  readonly type: "OBSERVED" | "STORED"
  readonly observation: O
}

export interface Decision<T extends ProxyResourceType> {
  readonly snapshot: Snapshot
  readonly phase: TaskPhase
  readonly claim: Claim
  /** What the store shall hold for the proxy; null: nothing. */
  readonly desired: DesiredResource<T> | null
  readonly conditions: ReadonlyArray<Condition>
  /** Unix milliseconds; null: only an event wakes it. */
  readonly wakeAt: number | null
  /** Milliseconds between looks of which `wakeAt` is the next; null with it. */
  readonly patience: number | null
  /** Set where it is worth asking again soon: AWS or the store had no answer. */
  readonly retry: string | null
  /** Set where its owner has to change something first. */
  readonly terminal: string | null
}

const factsOf = (look: TaskObservation, verdict: Verdict, stored: boolean): Facts => ({
  gone: isGone(look),
  stopping: isStopping(look),
  located: addressOf(look) !== null,
  verdict: verdict.status,
  stored
})

const desiredIn = <T extends ProxyResourceType, O extends ProxyObservation<T>>(
  kind: ProxyKind<T, O>,
  phase: TaskPhase,
  observation: O,
  derivation: Derivation<DesiredResource<T>>
): DesiredResource<T> | null => {
  const fresh = derivation.ok ? derivation.value : null
  switch (phase) {
    case "valid":
    case "registered": {
      const resource = fresh ?? observation.stored
      return resource === null ? null : kind.refresh(resource, observation)
    }
    // Nobody can say yet whether the role allows it. What is stored was allowed when it was written, perhaps by an
    // operator that ended before it could note it.
    case "identified":
    case "draining":
      return observation.stored === null ? null : kind.refresh(observation.stored, observation)
    default:
      return null
  }
}

export const MESH_MISSING = "MeshMissing"

/** Nothing is stored into a mesh that isn't there: it would stay behind in none. */
const inNoMesh = (mesh: string): Derivation<never> => ({
  ok: false,
  reason: MESH_MISSING,
  message: `there is no mesh "${mesh}": create it, and the proxy is registered there`
})

/** Milliseconds after which a phase is looked at again though no event came. */
const PATIENCE: Partial<Record<TaskPhase, number>> = { pending: 15_000, refused: 30_000, draining: 5_000 }

/**
 * The next multiple of `patience`: all tasks that wait for as long are looked at in the same moment, so that they share
 * a call, and none waits longer than its patience.
 */
const nextLook = (now: number, patience: number): number => (Math.floor(now / patience) + 1) * patience

export const decide = <T extends ProxyResourceType, O extends ProxyObservation<T>>(
  kind: ProxyKind<T, O>,
  snapshot: Snapshot,
  { type, observation }: ProxyDecisionEvent<O>,
  now: number
): Decision<T> => {
  const { look, previous, connection } = observation
  const derived = kind.derive(observation)
  const claim = kind.claim(observation, derived)
  const derivation = derived.ok && observation.missingMesh !== undefined ? inNoMesh(observation.missingMesh) : derived
  const verdict = judge(look, claim)
  const facts = factsOf(look, verdict, observation.stored !== null)
  const next = nextSnapshot(kind.machine, snapshot, type === "OBSERVED" ? { type, facts } : { type })
  const phase = next.value
  const isIn = phase === "registered" || phase === "valid"
  const patience = isIn ? kind.lookAgainAfter(observation) : PATIENCE[phase] ?? null
  return {
    snapshot: next,
    phase,
    claim,
    desired: desiredIn(kind, phase, observation, derivation),
    conditions: conditions(
      { phase, look, verdict, derivation, connection },
      previous?.spec.conditions ?? [],
      new Date(now).toISOString()
    ),
    wakeAt: patience === null ? null : nextLook(now, patience),
    patience,
    retry: phase === "identified" ? verdict.message : null,
    terminal: phase === "valid" && !derivation.ok ? derivation.message : null
  }
}

/**
 * Where a task that is seen (again) for the first time by this process stands. One that drains by an event's word alone,
 * which ECS doesn't confirm, begins anew: its role is judged again.
 */
export const startOf = <T extends ProxyResourceType, O extends ProxyObservation<T>>(
  kind: ProxyKind<T, O>,
  { look, previous }: O
): Snapshot => {
  const phase = previous?.spec.phase ?? "pending"
  return restore(kind.machine, phase === "draining" && !isGone(look) && !isStopping(look) ? "pending" : phase)
}
