/**
 * Wakes the token controller where no operator does: lists the tasks of the clusters again and again. It needs no
 * more of ECS than ListTasks and DescribeTasks.
 */
import { Effect } from "effect"
import { EcsReader } from "../aws/EcsReader.ts"
import { goOn } from "../goOn.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import { TokenController } from "./TokenController.ts"

export interface PollOptions {
  /** Names or ARNs. */
  readonly clusters: ReadonlyArray<string>
  readonly everySeconds: number
}

export const pollTasks = Effect.fn("pollTasks")(function*({ clusters, everySeconds }: PollOptions) {
  const ecs = yield* EcsReader
  const { wake } = yield* TokenController
  /** What was last said of each cluster: a failure is told once, then when it changes. */
  const told = new Map<string, string>()
  const look = Effect.forEach(clusters, (cluster) =>
    ecs.listTasks(cluster).pipe(
      Effect.flatMap((tasks) => {
        tasks.forEach((task) => wake(formatTaskKey(taskKeyOf(cluster, task))))
        return told.delete(cluster)
          ? Effect.logInfo("A cluster's tasks can be listed again").pipe(Effect.annotateLogs({ cluster }))
          : Effect.void
      }),
      Effect.catchTag("AwsCallFailed", ({ code, kind, message }) => {
        const what = `${kind} ${code}`
        if (told.get(cluster) === what) return Effect.void
        told.set(cluster, what)
        return Effect.logWarning("A cluster's tasks can't be listed; it is tried again and again").pipe(
          Effect.annotateLogs({ cluster, reason: message })
        )
      })
    ))
  return yield* look.pipe(Effect.andThen(Effect.sleep(`${everySeconds} seconds`)), goOn("Looking for tagged tasks"))
})
