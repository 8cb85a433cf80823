/**
 * What the store says while the operator runs: a proxy that took its listeners (its task's inbounds get ready),
 * Dataplanes that bring services to which the mesh owes a port, or that stand where another one does, and what somebody
 * else did to the operator's own resources. Receives the change feed, wakes keys.
 */
import { Effect, Stream } from "effect"
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import { OUTBOUNDS_LABEL, TASK_LABEL } from "../../model/dataplaneLabels.ts"
import { isType, type Resource, type ResourceKey } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { EndpointHolders } from "../dataplane/EndpointHolders.ts"
import { accountOf, lastPart } from "../arn.ts"
import { IamReader } from "../aws/IamReader.ts"
import { givePorts } from "../dataplane/givePorts.ts"
import { OutboundPorts } from "../dataplane/OutboundPorts.ts"
import { servicesOf } from "../dataplane/servicesOf.ts"
import type { WorkQueue } from "../queue/WorkQueue.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { OwnWrites } from "./OwnWrites.ts"
import { connectionOf } from "./ProxyObservation.ts"
import { readStored } from "./readStored.ts"

type InsightType = "DataplaneInsight" | "ZoneIngressInsight" | "ZoneEgressInsight"

const INSIGHTS: ReadonlyArray<string> = ["DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight"]

const isInsight = (key: ResourceKey): key is ResourceKey<InsightType> => INSIGHTS.includes(key.type)

type WrittenType = "EcsTask" | "Dataplane" | "ZoneIngress" | "ZoneEgress"

const WRITTEN: ReadonlyArray<string> = ["EcsTask", "Dataplane", "ZoneIngress", "ZoneEgress"]

const isWritten = (key: ResourceKey): key is ResourceKey<WrittenType> => WRITTEN.includes(key.type)

/** Whether the operator wrote it with a list of what it calls, and without this service. */
const waitsFor = ({ labels, spec }: Resource<"Dataplane">, service: string): boolean =>
  labels[TASK_LABEL] !== undefined && labels[OUTBOUNDS_LABEL] === undefined &&
  (spec.networking?.outbound ?? []).every(({ tags }) => tags?.[SERVICE_TAG] !== service)

const keyOf = ({ spec: { clusterArn, taskArn } }: Resource<"EcsTask">): string =>
  formatTaskKey(taskKeyOf(clusterArn, taskArn))

export const watchStore = Effect.fn("watchStore")(function*(work: WorkQueue) {
  const store = yield* Store
  const ports = yield* OutboundPorts
  const own = yield* OwnWrites
  const iam = yield* IamReader
  const holders = yield* EndpointHolders
  /** The last known state of each proxy's connection: insights change often, and rarely in a way that matters here. */
  const seen = new Map<string, string>()
  /** The tasks' keys by their ids: one that somebody removes says no more in which cluster it is. */
  const keys = new Map<string, string>()

  const wakeTask = Effect.fnUntraced(function*(name: string): Effect.fn.Return<void, StoreUnavailable, Store> {
    const task = yield* readStored({ type: "EcsTask", mesh: "", name })
    const key = task === null ? keys.get(name) : keyOf(task)
    if (key !== undefined) work.add(key)
  })

  /**
   * Another operator, which leads by now, may have read it anew: two that go by different answers would undo each
   * other's writes without end.
   */
  const forgetRoleOf = Effect.fnUntraced(function*(name: string): Effect.fn.Return<void, StoreUnavailable, Store> {
    const arn = (yield* readStored({ type: "EcsTask", mesh: "", name }))?.spec.taskRoleArn ?? null
    if (arn !== null) yield* iam.forget(accountOf(arn), lastPart(arn))
  })

  const insightChanged = Effect.fnUntraced(function*(key: ResourceKey<InsightType>) {
    const insight: { readonly spec: DataplaneInsight } | null = yield* readStored(key)
    const state = insight === null ? undefined : JSON.stringify(connectionOf(insight.spec, null))
    if (seen.get(key.name) === state) return
    if (state === undefined) seen.delete(key.name)
    else seen.set(key.name, state)
    yield* wakeTask(key.name)
  })

  /** What the operator wrote and somebody else removes or edits is decided upon again. A task's proxy bears its id. */
  const writtenChanged = Effect.fnUntraced(function*(key: ResourceKey<WrittenType>) {
    const resource: Resource | null = yield* readStored(key)
    if (resource !== null && isType("EcsTask", resource)) keys.set(key.name, keyOf(resource))
    if (!own.isOwn(key, resource?.version ?? null)) {
      yield* forgetRoleOf(key.name)
      yield* wakeTask(key.name)
    }
    if (resource === null && key.type === "EcsTask") keys.delete(key.name)
    if (!isDataplane(key)) return
    const dataplane = resource !== null && isType("Dataplane", resource) ? resource : null
    for (const name of holders.note(key, dataplane)) yield* wakeTask(name)
    if (dataplane !== null) yield* ports.ensure(key.mesh, servicesOf(dataplane.spec))
  })

  /** Tasks that list what they call may have waited for this service to get its port. */
  const portGiven = Effect.fnUntraced(function*({ mesh, name }: ResourceKey<"OutboundPort">) {
    for (const dataplane of yield* store.list("Dataplane", mesh)) {
      if (waitsFor(dataplane, name)) yield* wakeTask(dataplane.name)
    }
  })

  const readAll = Effect.gen(function*() {
    const dataplanes = yield* store.list("Dataplane")
    holders.begin(dataplanes)
    yield* givePorts(dataplanes)
    for (const task of yield* store.list("EcsTask")) {
      keys.set(task.name, keyOf(task))
      work.add(keyOf(task))
    }
  })

  const isDataplane = (key: ResourceKey): key is ResourceKey<"Dataplane"> => key.type === "Dataplane"

  const isOutboundPort = (key: ResourceKey): key is ResourceKey<"OutboundPort"> => key.type === "OutboundPort"

  /** A change that can't be read now is repaired by the next resync. */
  const attend = (effect: Effect.Effect<void, StoreUnavailable, Store | OutboundPorts>) =>
    effect.pipe(
      Effect.catchTag("StoreUnavailable", (failure) =>
        Effect.logWarning("A change can't be read from the store").pipe(
          Effect.annotateLogs({ reason: failure.message })
        )),
      Effect.catchDefect((defect) => Effect.logError("A change in the store could not be attended to", defect))
    )

  return yield* Stream.runForEach(store.changes, (change) => {
    if (change._tag === "Resynced") return attend(readAll)
    if (isInsight(change.key)) return attend(insightChanged(change.key))
    if (isOutboundPort(change.key)) return attend(portGiven(change.key))
    return isWritten(change.key) ? attend(writtenChanged(change.key)) : Effect.void
  })
})
