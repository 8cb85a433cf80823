/** Which task a user means: an id, its beginning, or an ARN. Pure. */
import { accountOf, lastPart } from "../../controllers/arn.ts"
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { textAt } from "./fields.ts"

export type Found = { readonly taskId: string } | { readonly problem: string }

const ABOUT_TASKS = ["task/", "Dataplane/", "ZoneIngress/", "ZoneEgress/", "EcsTask/"]

/** Most ids that a user wants to read. */
const MOST = 10

/** `stored`: ids that the store knows of. */
export const findTask = (asked: string, entries: Iterable<RecordedEntry>, stored: ReadonlyArray<string>): Found => {
  const wanted = lastPart(asked)
  const ids = new Set(stored.filter((id) => id.startsWith(wanted)))
  for (const { key } of entries) {
    if (ABOUT_TASKS.some((prefix) => key.startsWith(prefix)) && lastPart(key).startsWith(wanted)) ids.add(lastPart(key))
  }
  if (ids.has(wanted)) return { taskId: wanted }
  const [taskId, ...others] = ids
  if (taskId === undefined) {
    return {
      problem: `neither journal nor store knows a task ${wanted}: it may be older than the journal, or of a cluster ` +
        "that isn't watched"
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
