/**
 * What became of each task, from the journal: event -> decision -> stored -> pushed -> ACKed, with the milliseconds
 * since the event that began it. A push of a service's endpoints to somebody else counts for the tasks whose change
 * was stored before it.
 */
import { type JournalLine, shortType, taskIdOfKey } from "./JournalLine.ts"
import { isTaskKey, TaskNames } from "./TaskNames.ts"

interface Step {
  readonly at: number
  readonly what: string
  readonly text: string
}

interface Open {
  readonly taskIds: ReadonlyArray<string>
  readonly text: string
}

const ENDPOINTS = "ClusterLoadAssignment"

/** The first of each type tells the story; later ones are renewals and other tasks' changes. */
const TOLD_ONCE = new Set(["Listener", "Cluster", "Secret"])

export class Timeline {
  readonly names = new TaskNames()
  readonly #steps = new Map<string, Array<Step>>()
  /** By service: the tasks whose change was stored last, and which proxies were sent its endpoints since. */
  readonly #stored = new Map<string, { readonly tasks: Set<string>; readonly told: Set<string> }>()
  /** Pushes that wait for their ACK, by proxy, type and version. */
  readonly #open = new Map<string, Open>()
  readonly #told = new Set<string>()

  add(line: JournalLine): void {
    this.names.learn(line)
    const taskId = taskIdOfKey(line.key)
    const at = Date.parse(line.time)
    switch (line.kind) {
      case "event":
        if (line.event !== undefined && line.key.startsWith("task/")) {
          const { lastStatus, desiredStatus, version } = line.event.detail
          this.#step(taskId, at, "event", `ECS: ${lastStatus}, desired ${desiredStatus} (version ${version})`)
        }
        return
      case "decision":
        if (line.from !== line.to) this.#step(taskId, at, "decision", `${line.from ?? "new"} -> ${line.to}`)
        return
      case "stored": {
        if (line.resource.startsWith("EcsTask/") || !isTaskKey(line.key)) return
        this.#step(taskId, at, line.op === "put" ? "stored" : "removed", `${line.resource.split("/")[0]} v${line.version}`)
        const service = this.names.service(taskId)
        if (service === undefined) return
        const last = this.#stored.get(service)
        if (last === undefined || last.told.size > 0) {
          this.#stored.set(service, { tasks: new Set([taskId]), told: new Set() })
        } else last.tasks.add(taskId)
        return
      }
      case "pushed":
        return this.#pushed(line, taskId, at)
      case "acked":
      case "nacked": {
        const id = `${line.key} ${line.typeUrl} ${line.version}`
        const open = this.#open.get(id)
        if (open === undefined) return
        this.#open.delete(id)
        for (const owner of open.taskIds) this.#step(owner, at, line.kind === "acked" ? "ACKed" : "NACKed", open.text)
        return
      }
      case "refused":
        return this.#step(taskId, at, "refused", line.reason)
      case "observation":
      case "connected":
      case "disconnected":
        return
    }
  }

  /** The tasks' stories, in the order in which they began. */
  render(): string {
    return [...this.#steps]
      .map(([taskId, steps]) => ({ taskId, steps, since: Math.min(...steps.map(({ at }) => at)) }))
      .sort((a, b) => a.since - b.since)
      .map(({ taskId, steps }) => [this.names.name(taskId), ...render(steps)].join("\n"))
      .join("\n\n")
  }

  /** Whether a task's story holds every arrow from event to ACK. */
  isWhole(taskId: string): boolean {
    const seen = new Set((this.#steps.get(taskId) ?? []).map(({ what }) => what))
    return ["event", "decision", "stored", "pushed", "ACKed"].every((what) => seen.has(what))
  }

  get taskIds(): ReadonlyArray<string> {
    return [...this.#steps.keys()]
  }

  #pushed(line: Extract<JournalLine, { kind: "pushed" }>, proxy: string, at: number): void {
    const type = shortType(line.typeUrl)
    const changed = type === ENDPOINTS ? line.names.flatMap((service) => this.#changedFor(service, proxy)) : []
    const own = TOLD_ONCE.has(type) && !this.#told.has(`${proxy} ${type}`) ? [proxy] : []
    this.#told.add(`${proxy} ${type}`)
    const text = type === ENDPOINTS
      ? `endpoints of ${line.names.join(", ")} to ${this.names.name(proxy)}`
      : `${type} ${line.names.join(", ")}`
    const taskIds = [...new Set([...changed, ...own])]
    for (const taskId of taskIds) this.#step(taskId, at, "pushed", text)
    if (taskIds.length > 0) this.#open.set(`${line.key} ${line.typeUrl} ${line.version}`, { taskIds, text })
  }

  #changedFor(service: string, proxy: string): ReadonlyArray<string> {
    const last = this.#stored.get(service)
    if (last === undefined || last.told.has(proxy)) return []
    last.told.add(proxy)
    return [...last.tasks]
  }

  #step(taskId: string, at: number, what: string, text: string): void {
    const steps = this.#steps.get(taskId) ?? []
    steps.push({ at, what, text })
    this.#steps.set(taskId, steps)
  }
}

/** Milliseconds count from the newest event before each step. */
const render = (steps: ReadonlyArray<Step>): ReadonlyArray<string> => {
  let since = steps[0]?.at ?? 0
  return steps.map(({ at, text, what }) => {
    if (what === "event") since = at
    const offset = what === "event" ? new Date(at).toISOString().slice(11, 23) : `+${at - since} ms`
    return `  ${offset.padStart(12)}  ${what.padEnd(9)} ${text}`
  })
}
