/** Which task a user means: an id, its beginning, or an ARN. Pure. */
import { accountOf, lastPart } from "../../controllers/arn.ts"
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { textAt } from "./fields.ts"

export type Found = { readonly taskId: string } | { readonly problem: string }

const ABOUT_TASKS = ["task/", "Dataplane/", "ZoneIngress/", "ZoneEgress/", "EcsTask/"]

/** Most ids that a user wants to read. */
const MOST = 10

/** What is looked for, or why nothing can be. `id` may be the beginning of one. */
export type Asked = { readonly id: string; readonly cluster: string | null } | { readonly problem: string }

/** As a user gives it. ECS's ids have small letters alone. */
export const readAsked = (text: string): Asked => {
  const asked = text.trim()
  const id = lastPart(asked).toLowerCase()
  if (id === "") return { problem: "say which task: its id, the beginning of it, or its ARN" }
  if (!asked.startsWith("arn:")) return { id, cluster: null }
  const [kind = "", ...path] = asked.slice(asked.split(":", 5).join(":").length + 1).split("/")
  if (kind !== "task") {
    return {
      problem: `${asked} is the ARN of a ${kind}: give one of its tasks ` +
        `(aws ecs list-tasks${kind === "service" ? ` --service-name ${lastPart(asked)}` : ""} names them)`
    }
  }
  return { id, cluster: path.length > 1 ? path[0] ?? null : null }
}

/** `stored`: ids or keys of tasks that the store knows of; null where no store was asked. */
export const findTask = (
  text: string,
  entries: Iterable<RecordedEntry>,
  stored: ReadonlyArray<string> | null
): Found => {
  const asked = readAsked(text)
  if ("problem" in asked) return asked
  const { cluster, id: wanted } = asked
  const ids = new Set<string>()
  const clusters = new Map<string, string>()
  const meet = (key: string): void => {
    const id = lastPart(key)
    if (!id.startsWith(wanted)) return
    ids.add(id)
    const [kind, place] = key.split("/")
    if (kind === "task" && place !== undefined) clusters.set(id, place)
  }
  for (const key of stored ?? []) meet(key)
  for (const { key } of entries) if (ABOUT_TASKS.some((prefix) => key.startsWith(prefix))) meet(key)
  const elsewhere = clusters.get(wanted)
  if (cluster !== null && elsewhere !== undefined && elsewhere !== cluster) {
    return { problem: `task ${wanted} is one of cluster ${elsewhere}, not of ${cluster}` }
  }
  if (ids.has(wanted)) return { taskId: wanted }
  const [taskId, ...others] = ids
  if (taskId === undefined) {
    return {
      problem: `${stored === null ? "the journal knows no task" : "neither journal nor store knows a task"} ${wanted}: ` +
        "it may be older than the journal, or of a cluster that isn't watched"
    }
  }
  if (others.length === 0) return { taskId }
  const some = [...ids].slice(0, MOST).join(", ")
  return { problem: `${ids.size} tasks begin with ${wanted}: ${some}${ids.size > MOST ? ", ..." : ""}` }
}

/** The journal's key of the role that a task was seen with last; null where it was seen with none. */
export const roleKeyIn = (entries: Iterable<RecordedEntry>): string | null => {
  let arn: string | null = null
  for (const { fields, kind } of entries) {
    if (kind === "observation") arn = textAt(fields, "observation", "look", "task", "taskRoleArn") ?? arn
  }
  return arn === null ? null : `role/${accountOf(arn)}/${lastPart(arn)}`
}
