/**
 * What the store says while the operator runs: a proxy that took its listeners (its task's inbounds get ready),
 * Dataplanes that bring services to which the mesh owes a port, or that stand where another one does, a mesh that tasks
 * wait for, and what somebody else did to the operator's own resources. Receives the change feed, wakes keys.
 */
import { Effect, Stream } from "effect"
import type { DataplaneInsight } from "../../model/DataplaneInsight.ts"
import { OUTBOUNDS_LABEL, TASK_LABEL } from "../../model/dataplaneLabels.ts"
import { formatKey, isType, type Resource, type ResourceKey, type ResourceType } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import { meshKey } from "../../model/whileMesh.ts"
import { EndpointHolders } from "../dataplane/EndpointHolders.ts"
import { accountOf, lastPart } from "../arn.ts"
import { IamReader } from "../aws/IamReader.ts"
import { givePorts } from "../dataplane/givePorts.ts"
import { isMeshPort, OutboundPorts } from "../dataplane/OutboundPorts.ts"
import { boundBy } from "../dataplane/portsInTheWay.ts"
import { servicesOf } from "../dataplane/servicesOf.ts"
import type { WorkQueue } from "../queue/WorkQueue.ts"
import { TaskController } from "../TaskController.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { MESH_MISSING } from "./decide.ts"
import { LastStored } from "./LastStored.ts"
import { OwnWrites } from "./OwnWrites.ts"
import { connectionOf } from "./ProxyObservation.ts"
import { readStored } from "./readStored.ts"

type InsightType = "DataplaneInsight" | "ZoneIngressInsight" | "ZoneEgressInsight"

const INSIGHTS: ReadonlyArray<string> = ["DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight"]

const isInsight = (key: ResourceKey): key is ResourceKey<InsightType> => INSIGHTS.includes(key.type)

type WrittenType = "EcsTask" | "Dataplane" | "ZoneIngress" | "ZoneEgress"

const WRITTEN: ReadonlyArray<string> = ["EcsTask", "Dataplane", "ZoneIngress", "ZoneEgress"]

const isWritten = (key: ResourceKey): key is ResourceKey<WrittenType> => WRITTEN.includes(key.type)

/** Whether the operator wrote it with a list of what it calls. */
const isListing = ({ labels }: Resource<"Dataplane">): boolean => labels[OUTBOUNDS_LABEL] === undefined

const boundPorts = ({ spec: { networking } }: Resource<"Dataplane">): ReadonlyArray<number> =>
  networking === undefined ? [] : boundBy(networking).map((end) => Number(end.slice(end.lastIndexOf(":") + 1)))

/** Whether what the operator wrote depends on the mesh's ports. */
const dependsOnPorts = (dataplane: Resource<"Dataplane">): boolean =>
  dataplane.labels[TASK_LABEL] !== undefined && (isListing(dataplane) || boundPorts(dataplane).some(isMeshPort))

/** Whether a new port matters to it: its list lacks the service, or its port is in the way. */
const waitsFor = (dataplane: Resource<"Dataplane">, service: string, port: number): boolean =>
  isListing(dataplane)
    ? (dataplane.spec.networking?.outbound ?? []).every(({ tags }) => tags?.[SERVICE_TAG] !== service)
    : boundPorts(dataplane).includes(port)

/** The mesh that a task was told to be missing. */
const awaitedMesh = ({ spec: { conditions, proxy } }: Resource<"EcsTask">): string | null =>
  conditions.some(({ reason }) => reason === MESH_MISSING) ? proxy?.mesh ?? null : null

/** What a change says is there since; undefined where it doesn't say. */
type After = Resource | null | undefined

const thereOf = <T extends ResourceType>(
  key: ResourceKey<T>,
  after: After
): Effect.Effect<Resource<T> | null, StoreUnavailable, Store> => {
  if (after === null) return Effect.succeed(null)
  return after !== undefined && isType(key.type, after) ? Effect.succeed(after) : readStored(key)
}

const keyOf = ({ spec: { clusterArn, taskArn } }: Resource<"EcsTask">): string =>
  formatTaskKey(taskKeyOf(clusterArn, taskArn))

export const watchStore = Effect.fn("watchStore")(function*(work: WorkQueue) {
  const store = yield* Store
  const ports = yield* OutboundPorts
  const own = yield* OwnWrites
  const last = yield* LastStored
  const iam = yield* IamReader
  const holders = yield* EndpointHolders
  const { doubtAll } = yield* TaskController
  /** The last known state of each proxy's connection: insights change often, and rarely in a way that matters here. */
  const seen = new Map<string, string>()
  /** The tasks' keys by their ids: one that somebody removes says no more in which cluster it is. */
  const keys = new Map<string, string>()
  /** The meshes that are missing, by the ids of the tasks that wait for them. */
  const awaited = new Map<string, string>()
  /** Those to which it matters which ports services have. */
  const concerned = new Map<string, Resource<"Dataplane">>()

  const wakeTask = Effect.fnUntraced(function*(name: string): Effect.fn.Return<void, StoreUnavailable, Store> {
    const known = keys.get(name)
    if (known !== undefined) return work.add(known)
    const task = yield* readStored({ type: "EcsTask", mesh: "", name })
    if (task !== null) work.add(keyOf(task))
  })

  /**
   * Another operator, which leads by now, may have read it anew: two that go by different answers would undo each
   * other's writes without end.
   */
  const forgetRoleOf = Effect.fnUntraced(function*(name: string): Effect.fn.Return<void, StoreUnavailable, Store> {
    const arn = (yield* readStored({ type: "EcsTask", mesh: "", name }))?.spec.taskRoleArn ?? null
    if (arn !== null) yield* iam.forget(accountOf(arn), lastPart(arn))
  })

  const insightChanged = Effect.fnUntraced(function*(key: ResourceKey<InsightType>, after: After) {
    const insight: { readonly spec: DataplaneInsight } | null = yield* thereOf(key, after)
    const state = insight === null ? undefined : JSON.stringify(connectionOf(insight.spec, null))
    if (seen.get(key.name) === state) return
    if (state === undefined) seen.delete(key.name)
    else seen.set(key.name, state)
    yield* wakeTask(key.name)
  })

  /** It may have come while the task was looked at. */
  const noteAwaited = Effect.fnUntraced(function*(task: Resource<"EcsTask">) {
    const mesh = awaitedMesh(task)
    if (mesh === null) return void awaited.delete(task.name)
    awaited.set(task.name, mesh)
    if ((yield* readStored(meshKey(mesh))) !== null) work.add(keyOf(task))
  })

  const meshChanged = Effect.fnUntraced(function*({ name: mesh }: ResourceKey, after: After) {
    if (after === null) return
    for (const [name, one] of awaited) if (one === mesh) yield* wakeTask(name)
  })

  /** What the operator wrote and somebody else removes or edits is decided upon again. A task's proxy bears its id. */
  const writtenChanged = Effect.fnUntraced(function*(key: ResourceKey<WrittenType>, after: After) {
    const resource: Resource | null = yield* thereOf(key, after)
    if (resource !== null && isType("EcsTask", resource)) {
      const isNew = !keys.has(key.name)
      keys.set(key.name, keyOf(resource))
      // Its proxy connected before it was stored: nobody could be woken then, and the look under way may not know.
      if (isNew && seen.has(key.name)) work.add(keyOf(resource))
      yield* noteAwaited(resource)
    }
    if (!own.isOwn(key, resource?.version ?? null)) {
      last.forget(key)
      yield* forgetRoleOf(key.name)
      yield* wakeTask(key.name)
    }
    if (resource === null && key.type === "EcsTask") {
      keys.delete(key.name)
      awaited.delete(key.name)
    }
    if (!isDataplane(key)) return
    const dataplane = resource !== null && isType("Dataplane", resource) ? resource : null
    noteConcerned(key, dataplane)
    for (const name of holders.note(key, dataplane)) yield* wakeTask(name)
    if (dataplane !== null) yield* ports.ensure(key.mesh, servicesOf(dataplane.spec))
  })

  /** Tasks may have waited for this service to get its port. One that is changed is somebody's doing, and rare. */
  const portChanged = Effect.fnUntraced(function*(key: ResourceKey<"OutboundPort">, after: After) {
    const given = yield* thereOf(key, after)
    ports.note(key, given)
    for (const dataplane of concerned.values()) {
      const isNew = given !== null && given.modificationTime === given.creationTime
      const matters = !isNew || waitsFor(dataplane, key.name, given.spec.port)
      if (dataplane.mesh === key.mesh && matters) yield* wakeTask(dataplane.name)
    }
  })

  /** Most call every service, and use none of the mesh's ports. */
  const noteConcerned = (key: ResourceKey, dataplane: Resource<"Dataplane"> | null): void => {
    if (dataplane !== null && dependsOnPorts(dataplane)) concerned.set(formatKey(key), dataplane)
    else concerned.delete(formatKey(key))
  }

  /** What the store held may be otherwise now, and nobody tells. */
  const doubt = (): void => {
    last.forgetAll()
    doubtAll()
  }

  const readAll = Effect.gen(function*() {
    last.forgetAll()
    const dataplanes = yield* store.list("Dataplane")
    holders.begin(dataplanes)
    concerned.clear()
    for (const dataplane of dataplanes) noteConcerned(dataplane, dataplane)
    ports.forgetAll()
    yield* givePorts(dataplanes)
    for (const task of yield* store.list("EcsTask")) {
      keys.set(task.name, keyOf(task))
      const mesh = awaitedMesh(task)
      if (mesh !== null) awaited.set(task.name, mesh)
      work.add(keyOf(task), undefined, "bulk")
    }
    doubt()
  })

  const isDataplane = (key: ResourceKey): key is ResourceKey<"Dataplane"> => key.type === "Dataplane"

  const isOutboundPort = (key: ResourceKey): key is ResourceKey<"OutboundPort"> => key.type === "OutboundPort"

  /** A change that can't be read now is repaired by the next looks, which are whole ones then. */
  const attend = (effect: Effect.Effect<void, StoreUnavailable, Store | OutboundPorts>) =>
    effect.pipe(
      Effect.tapCause(() => Effect.sync(doubt)),
      Effect.catchTag("StoreUnavailable", (failure) =>
        Effect.logWarning("A change can't be read from the store").pipe(
          Effect.annotateLogs({ reason: failure.message })
        )),
      Effect.catchDefect((defect) => Effect.logError("A change in the store could not be attended to", defect))
    )

  return yield* Stream.runForEach(store.changes, (change) => {
    if (change._tag === "Resynced") return attend(readAll)
    const { after, key } = change
    if (isInsight(key)) return attend(insightChanged(key, after))
    if (isOutboundPort(key)) return attend(portChanged(key, after))
    if (key.type === "Mesh") return attend(meshChanged(key, after))
    return isWritten(key) ? attend(writtenChanged(key, after)) : Effect.void
  })
})
