/** Whose story it is: a task's, or that of a proxy which no task is. Pure. */
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { isTaskId } from "../isTaskId.ts"

type Keyed = Pick<RecordedEntry, "key">

/** `Dataplane/default/<name>`, say, as the journal named it last; null where it named none. */
export const proxyKeyIn = (entries: ReadonlyArray<Keyed>): string | null =>
  entries.findLast(({ key }) => /^(Dataplane|ZoneIngress|ZoneEgress)\//.test(key))?.key ?? null

/** Whether what the journal tells under this name is a task. One that doesn't lead tells of a task's proxy alone. */
export const isTaskIn = (entries: ReadonlyArray<Keyed>, name: string): boolean =>
  proxyKeyIn(entries) === null || isTaskId(name) || entries.some(({ key }) => /^(task|EcsTask)\//.test(key))
