/** What to call a task before people: its service and the first characters of its id. */
import { isTaskId } from "../isTaskId.ts"
import type { JournalLine } from "./JournalLine.ts"
import { taskIdOfKey } from "./JournalLine.ts"

/** The journal also speaks of what users store: a mesh, a policy. */
export const isTaskKey = (key: string): boolean => /^(task|Dataplane|ZoneIngress|ZoneEgress|EcsTask)\//.test(key)

export class TaskNames {
  readonly #services = new Map<string, string>()

  /** Learns services from what was observed and from the events' own words. */
  learn(line: JournalLine): void {
    const group = line.kind === "observation"
      ? line.observation.look.task?.group
      : line.kind === "event"
      ? line.event?.detail["group"]
      : undefined
    if (typeof group === "string" && group !== "") {
      this.#services.set(taskIdOfKey(line.key), group.slice(group.indexOf(":") + 1))
    }
  }

  service(taskId: string): string | undefined {
    return this.#services.get(taskId)
  }

  /** `kv/3f2a90c1`; a proxy that is no task has a name that people gave it. */
  name(taskId: string): string {
    const service = this.#services.get(taskId)
    if (service === undefined && !isTaskId(taskId)) return `proxy/${taskId}`
    return `${service ?? "task"}/${taskId.slice(0, 8)}`
  }

  /** The same for a key of the journal; a key that is no task's stays as it is. */
  ofKey(key: string): string {
    return isTaskKey(key) ? this.name(taskIdOfKey(key)) : key
  }
}
