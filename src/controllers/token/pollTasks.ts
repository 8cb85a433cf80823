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
  const look = Effect.forEach(clusters, (cluster) =>
    ecs.listTasks(cluster).pipe(
      Effect.map((tasks) => tasks.forEach((task) => wake(formatTaskKey(taskKeyOf(cluster, task))))),
      Effect.catchTag("AwsCallFailed", (failure) =>
        Effect.logWarning("A cluster's tasks can't be listed").pipe(
          Effect.annotateLogs({ cluster, reason: failure.message })
        ))
    ))
  return yield* look.pipe(Effect.andThen(Effect.sleep(`${everySeconds} seconds`)), goOn("Looking for tagged tasks"))
})
