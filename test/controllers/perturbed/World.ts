/**
 * The truth: clusters, tasks on their way through ECS's life cycle, roles with their tags. It changes by acts, tells
 * each change once as AWS's event, and remembers all that ever was. It knows nothing of the operator.
 */
import { FAMILIES, type Family, ROLES, type Tags } from "./families.ts"
import { roleEvent, taskEvent } from "./events.ts"
import { Timeline } from "./Timeline.ts"
import type { VirtualTime } from "./VirtualTime.ts"

export interface TaskState {
  readonly lastStatus: string
  readonly desiredStatus: "RUNNING" | "STOPPED"
  readonly version: number
  readonly address: string | null
  readonly health: "HEALTHY" | "UNHEALTHY" | "UNKNOWN"
  /** Its proxy took its listeners. */
  readonly connected: boolean
}

export interface Task {
  readonly id: string
  readonly cluster: string
  readonly family: Family
  readonly revision: number
  /** Started by a service, or alone. */
  readonly service: boolean
  readonly address: string
  /** Null once ECS has forgotten it. */
  readonly states: Timeline<TaskState | null>
}

export interface Role {
  readonly id: string
  readonly tags: Tags
}

export interface WorldEvent {
  readonly body: string
  /** The task that it speaks of, or the role. */
  readonly task: Task | null
  readonly role: string | null
}

/** In mode host a port is one task's alone: each runs on an instance of its own. */
const hostAddress = ({ network }: Family, number: number): string => `10.0.9.${network === "host" ? number : 250}`

/** ECS shows a stopped task for an hour at least; here the hour is short. */
const SHOWN_STOPPED = 20_000

export class World {
  readonly tasks: Array<Task> = []
  readonly roles = new Map<string, Timeline<Role | null>>()
  readonly revisions = new Map(FAMILIES.map(({ name }) => [name, 1]))
  /** Somebody hears of every event, and of every proxy that connects. */
  onEvent: (event: WorldEvent) => void = () => {}
  onConnected: (task: Task) => void = () => {}
  changedAt: number
  private readonly time: VirtualTime
  private readonly freed: Array<string> = []
  private roleCount = 0

  constructor(time: VirtualTime) {
    this.time = time
    this.changedAt = time.now
    for (const [name, tags] of Object.entries(ROLES)) {
      this.roles.set(name, new Timeline(Number.NEGATIVE_INFINITY, this.newRole(tags)))
    }
  }

  /** `reuse`: it gets the address that was freed last. */
  run(family: Family, { service = true, reuse = false, cluster = "one" } = {}): Task {
    const number = this.tasks.length + 1
    const own = family.network === "awsvpc"
    const address = own ? (reuse ? this.freed.pop() : undefined) ?? `10.0.0.${number}` : hostAddress(family, number)
    const state: TaskState = {
      lastStatus: "PROVISIONING",
      desiredStatus: "RUNNING",
      version: 0,
      address: null,
      health: "UNKNOWN",
      connected: false
    }
    const task: Task = {
      id: `${family.name}-${number}`,
      cluster,
      family,
      revision: this.revisions.get(family.name) ?? 1,
      service,
      address,
      states: new Timeline<TaskState | null>(this.time.now, state)
    }
    this.tasks.push(task)
    this.step(task, {})
    this.later(task, 200, "RUNNING", () => this.step(task, { lastStatus: "PENDING", address: own ? address : null }))
    this.later(task, 700, "RUNNING", () => this.step(task, { lastStatus: "RUNNING" }))
    this.later(task, 900, "RUNNING", () => this.connect(task))
    if (family.checked) this.later(task, 1_500, "RUNNING", () => this.quietly(task, { health: "HEALTHY" }))
    return task
  }

  stop(task: Task): void {
    if (task.states.now?.desiredStatus !== "RUNNING") return
    this.step(task, { desiredStatus: "STOPPED" })
    const way = [[300, "DEACTIVATING"], [600, "STOPPING"], [1_200, "DEPROVISIONING"]] as const
    for (const [after, lastStatus] of way) this.later(task, after, "STOPPED", () => this.step(task, { lastStatus }))
    this.later(task, 1_700, "STOPPED", () => this.end(task))
  }

  /** Its containers end by themselves. */
  crash(task: Task): void {
    if (task.states.now?.desiredStatus !== "RUNNING") return
    this.end(task)
  }

  /** No event tells of it, and it isn't counted. */
  health(task: Task, health: TaskState["health"]): void {
    if (task.family.checked && task.states.now?.lastStatus === "RUNNING") this.quietly(task, { health })
  }

  revise(family: Family): void {
    this.revisions.set(family.name, (this.revisions.get(family.name) ?? 1) + 1)
  }

  tag(name: string, tags: Tags): void {
    const role = this.roles.get(name)
    if (role === undefined || role.now === null) return
    this.setRole(role, { ...role.now, tags })
    this.tellOfRole(Object.keys(tags).length === 0 ? "UntagRole" : "TagRole", name)
  }

  deleteRole(name: string): void {
    const role = this.roles.get(name)
    if (role === undefined || role.now === null) return
    this.setRole(role, null)
    this.tellOfRole("DeleteRole", name)
  }

  /** With another id, as IAM does it. No rule matches the event that tells of it. */
  recreateRole(name: string): void {
    const role = this.roles.get(name)
    if (role !== undefined && role.now === null) this.setRole(role, this.newRole(ROLES[name] ?? {}))
  }

  find(id: string): Task | undefined {
    return this.tasks.find((task) => task.id === id)
  }

  /** The tasks that ECS wants running. */
  get wanted(): ReadonlyArray<Task> {
    return this.tasks.filter(({ states }) => states.now?.desiredStatus === "RUNNING")
  }

  private newRole(tags: Tags): Role {
    this.roleCount += 1
    return { id: `AROA${this.roleCount}`, tags }
  }

  private setRole(role: Timeline<Role | null>, value: Role | null): void {
    this.changedAt = this.time.now
    role.set(this.time.now, value)
  }

  /** What happens in another account stays there. */
  private tellOfRole(call: "TagRole" | "UntagRole" | "DeleteRole", name: string): void {
    if (name !== "foreign") this.onEvent({ body: roleEvent(call, name), task: null, role: name })
  }

  private connect(task: Task): void {
    if (task.family.kind === "none") return
    this.quietly(task, { connected: true })
    this.onConnected(task)
  }

  private end(task: Task): void {
    this.step(task, { lastStatus: "STOPPED", desiredStatus: "STOPPED", connected: false })
    if (task.family.network === "awsvpc") this.freed.push(task.address)
    this.time.after(SHOWN_STOPPED, () => task.states.set(this.time.now, null))
  }

  private later(task: Task, millis: number, desired: TaskState["desiredStatus"], run: () => void): void {
    this.time.after(millis, () => {
      const state = task.states.now
      if (state !== null && state.desiredStatus === desired && state.lastStatus !== "STOPPED") run()
    })
  }

  private quietly(task: Task, change: Partial<TaskState>): void {
    const state = task.states.now
    if (state === null) return
    this.changedAt = this.time.now
    task.states.set(this.time.now, { ...state, ...change })
  }

  /** A change that ECS counts and tells. */
  private step(task: Task, change: Partial<TaskState>): void {
    const state = task.states.now
    if (state === null) return
    const next = { ...state, ...change, version: state.version + 1 }
    this.quietly(task, next)
    this.onEvent({ body: taskEvent(task, next), task, role: null })
  }
}

