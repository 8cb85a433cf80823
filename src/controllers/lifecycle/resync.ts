/**
 * The full look that repairs what no event said. A list wakes keys and deletes nothing: what it lacks is asked about
 * one by one. Only resources whose task nobody knows of are removed by a list, and only by a complete one.
 */
import { Clock, Effect } from "effect"
import { Journal } from "../../model/Journal.ts"
import { formatKey, type Resource } from "../../model/Resource.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { lastPart } from "../arn.ts"
import { type Clusters, EcsReader } from "../aws/EcsReader.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { TASK_LABEL } from "../../model/dataplaneLabels.ts"

/** What was listed of all clusters; `complete` where no cluster failed or is missing. */
export interface Listing {
  readonly complete: boolean
  /** `task/<cluster>/<id>` */
  readonly keys: ReadonlyArray<string>
}

const PROXY_TYPES = ["Dataplane", "ZoneIngress", "ZoneEgress"] as const

/** Keys to look at: all that are listed, and all that are stored. Pure. */
export const keysToVisit = (listing: Listing, tasks: ReadonlyArray<Resource<"EcsTask">>): ReadonlyArray<string> => [
  ...new Set([
    ...listing.keys,
    ...tasks.map(({ spec: { clusterArn, taskArn } }) => formatTaskKey(taskKeyOf(clusterArn, taskArn)))
  ])
]

/**
 * ListTasks is eventually consistent: a proxy that is younger may be that of a task which isn't listed yet, and whose
 * operator ended before it stored the task as well.
 */
const LIST_LAG_MILLIS = 10_000

/**
 * Proxies that the operator wrote for tasks which are neither listed nor stored; none by an incomplete list, and none
 * that was written just before `now` (Unix milliseconds), when the list was asked for. Pure.
 */
export const orphans = (
  listing: Listing,
  tasks: ReadonlyArray<Resource<"EcsTask">>,
  proxies: ReadonlyArray<Resource>,
  now: number
): ReadonlyArray<Resource> => {
  if (!listing.complete) return []
  const known = new Set([...listing.keys.map(lastPart), ...tasks.map(({ name }) => name)])
  return proxies.filter(({ labels, modificationTime }) =>
    labels[TASK_LABEL] !== undefined && !known.has(labels[TASK_LABEL]) &&
    Date.parse(modificationTime) < now - LIST_LAG_MILLIS
  )
}

const listClusters = Effect.fnUntraced(function*({ arns, missing }: Clusters) {
  const ecs = yield* EcsReader
  const lists = yield* Effect.forEach(arns, (cluster) =>
    ecs.listTasks(cluster).pipe(
      Effect.map((arns) => arns.map((arn) => formatTaskKey(taskKeyOf(cluster, arn)))),
      Effect.catchTag("AwsCallFailed", (failure) =>
        Effect.logWarning("A cluster's tasks can't be listed; nothing is removed for it").pipe(
          Effect.annotateLogs({ cluster, reason: failure.message }),
          Effect.as(null)
        ))
    ))
  return {
    complete: missing.length === 0 && lists.every((list) => list !== null),
    keys: lists.flatMap((list) => list ?? [])
  }
})

export interface Everything {
  /** To look at: `task/<cluster>/<id>`. */
  readonly keys: ReadonlyArray<string>
  /** As they are stored. */
  readonly tasks: ReadonlyArray<Resource<"EcsTask">>
  readonly proxies: ReadonlyArray<Resource>
}

/** Lists everything. */
export const resync = Effect.fn("resync")(function*(
  clusters: Clusters
): Effect.fn.Return<Everything, StoreUnavailable, Store | EcsReader | Journal> {
  const store = yield* Store
  const journal = yield* Journal
  // The store is read before the list: a task that is registered in between is in neither, or in the list.
  const proxies = (yield* Effect.forEach(PROXY_TYPES, (type) => store.list(type))).flat()
  const now = yield* Clock.currentTimeMillis
  const listing = yield* listClusters(clusters)
  const tasks = yield* store.list("EcsTask")
  for (const orphan of orphans(listing, tasks, proxies, now)) {
    yield* store.remove(orphan, { expect: orphan.version }).pipe(
      Effect.andThen(Effect.sync(() =>
        journal.append({
          kind: "stored", key: formatKey(orphan), op: "remove", resource: formatKey(orphan), version: orphan.version
        })
      )),
      Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void })
    )
  }
  return { keys: keysToVisit(listing, tasks), tasks, proxies }
})
