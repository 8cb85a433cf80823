/** Names one task for the queue, the journal and ECS: `task/<cluster name>/<task id>`. */
import { lastPart } from "./arn.ts"

export interface TaskKey {
  readonly cluster: string
  readonly taskId: string
}

export const taskKeyOf = (clusterArn: string, taskArn: string): TaskKey => ({
  cluster: lastPart(clusterArn),
  taskId: lastPart(taskArn)
})

export const formatTaskKey = (key: TaskKey): string => `task/${key.cluster}/${key.taskId}`

/** Reads what `formatTaskKey` wrote: neither a cluster's name nor a task id holds a slash. */
export const parseTaskKey = (text: string): TaskKey => {
  const [, cluster = "", taskId = ""] = text.split("/")
  return { cluster, taskId }
}
