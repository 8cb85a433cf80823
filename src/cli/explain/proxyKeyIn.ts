/** Whose story it is: a task's, or that of a proxy which no task is. Pure. */
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"

type Keyed = Pick<RecordedEntry, "key">

/** `Dataplane/default/<name>`, say, as the journal named it last; null where it named none. */
export const proxyKeyIn = (entries: ReadonlyArray<Keyed>): string | null =>
  entries.findLast(({ key }) => /^(Dataplane|ZoneIngress|ZoneEgress)\//.test(key))?.key ?? null

/** As ECS makes them: of a replica that doesn't lead, a task's journal speaks of its proxy alone. */
const ID = /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether what the journal tells under this name is a task. */
export const isTaskIn = (entries: ReadonlyArray<Keyed>, name: string): boolean =>
  proxyKeyIn(entries) === null || ID.test(name) || entries.some(({ key }) => /^(task|EcsTask)\//.test(key))
