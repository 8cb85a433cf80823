/** Which ECS task this is, from the task metadata endpoint version 4. */
import { request } from "./request.ts"

export interface TaskIdentity {
  readonly taskArn: string
  /** Last part of the ARN; the proxy's name. */
  readonly taskId: string
  readonly region: string
}

const TASK_ARN = /^arn:(?:aws|aws-cn|aws-us-gov):ecs:([a-z0-9-]+):\d{12}:task\/(?:[^/]+\/)?([A-Za-z0-9-]+)$/

/** Throws on anything that isn't a task's metadata, with what came instead. */
export const decodeTask = (body: string): TaskIdentity => {
  const task: unknown = JSON.parse(body)
  const taskArn = typeof task === "object" && task !== null && "TaskARN" in task ? task.TaskARN : undefined
  const match = typeof taskArn === "string" ? TASK_ARN.exec(taskArn) : null
  if (match === null || typeof taskArn !== "string") throw new Error(`no task in it: TaskARN is ${JSON.stringify(taskArn)}`)
  return { taskArn, region: match[1] ?? "", taskId: match[2] ?? "" }
}

/** `metadataUri`: value of ECS_CONTAINER_METADATA_URI_V4. */
export const readTask = async (metadataUri: string): Promise<TaskIdentity> => {
  const url = new URL(`${metadataUri.replace(/\/$/, "")}/task`)
  const answer = await request({ url, method: "GET", timeoutMillis: 3_000 })
  if (answer.status !== 200) throw new Error(`${url.href} answered ${answer.status}`)
  return decodeTask(answer.body)
}
