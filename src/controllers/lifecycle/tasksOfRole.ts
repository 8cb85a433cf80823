/** Keys of every task that runs with a role, as the store knows them. */
import { Effect } from "effect"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { accountOf, lastPart } from "../arn.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"

export const tasksOfRole = Effect.fnUntraced(function*(
  account: string,
  roleName: string
): Effect.fn.Return<ReadonlyArray<string>, StoreUnavailable, Store> {
  const tasks = yield* (yield* Store).list("EcsTask")
  return tasks
    .filter(({ spec: { taskRoleArn } }) =>
      taskRoleArn !== null && accountOf(taskRoleArn) === account && lastPart(taskRoleArn) === roleName
    )
    .map(({ spec: { clusterArn, taskArn } }) => formatTaskKey(taskKeyOf(clusterArn, taskArn)))
})
