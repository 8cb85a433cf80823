/** Watches one operator at every step for what it must never do, whatever its view of the world is. */
import { formatKey, isType, type Resource, type ResourceKey } from "../../../src/model/Resource.ts"
import { lastPart, roleArn } from "./families.ts"
import { mayJoin } from "./mayJoin.ts"
import type { Message } from "./ModelQueue.ts"
import type { Scene } from "./Scene.ts"

/**
 * An answer about a role may be this old when it is acted upon: stale by 3 s, kept until the next full look, and on its
 * way through retries.
 */
const ROLE_LAG = 45_000
const PROXIES: ReadonlyArray<string> = ["Dataplane", "ZoneIngress", "ZoneEgress"]

/** So long after a cluster is there the operator may find it. */
const UNWATCHED = 40_000

/** Calls to AWS within ten seconds, over which nobody can speak of patience: for each task, and besides. */
const CALLS_PER_TASK = 60
const CALLS = 120

interface Received {
  readonly at: number
  /** The tasks that have to be looked at before the message may be deleted. */
  readonly tasks: ReadonlyArray<string>
}

export class Watch {
  private readonly scene: Scene
  private readonly number: number
  private readonly receipts = new Map<string, Received>()
  private readonly looks = new Map<string, number>()
  private readonly calls = new Map<number, number>()
  private sequence = 0

  constructor(scene: Scene, number: number) {
    this.scene = scene
    this.number = number
  }

  /** Counts what happens. */
  next(): number {
    this.sequence += 1
    return this.sequence
  }

  called(operation: string): void {
    const slice = Math.floor(this.scene.time.elapsed / 10_000)
    const count = (this.calls.get(slice) ?? 0) + 1
    this.calls.set(slice, count)
    if (count === CALLS + CALLS_PER_TASK * this.scene.world.tasks.length) {
      this.violated(`asks AWS without end, ${count} times within ten seconds, at last ${operation}`)
    }
  }

  received({ event, receipt }: Message): void {
    if (this.receipts.has(receipt)) return
    this.receipts.set(receipt, { at: this.next(), tasks: this.woken(event) })
  }

  /** A look at a task that began when `begun` was counted was answered; one that began before it may be, later. */
  looked(id: string, begun: number): void {
    this.looks.set(lastPart(id), Math.max(begun, this.looks.get(lastPart(id)) ?? 0))
  }

  deleted({ event, receipt }: Message): void {
    const received = this.receipts.get(receipt)
    const stillThere = new Set(event?.role ? this.woken(event) : received?.tasks)
    for (const id of received?.tasks ?? []) {
      if (stillThere.has(id) && (this.looks.get(id) ?? 0) < (received?.at ?? 0)) {
        this.violated(`deleted an event that concerns ${id} before it looked at it`)
      }
    }
  }

  wrote(operation: string, key: ResourceKey, before: Resource | null): void {
    const { resources, time, world } = this.scene
    const after = resources.get(key)
    const version = "version" in after ? after.version : null
    if (version === (before?.version ?? null) && before !== null && version !== null) return
    this.scene.writes += 1
    this.scene.tell(`operator ${this.number}: ${operation}`)
    if (before !== null && "version" in after && isType("EcsTask", before) && isType("EcsTask", after)) {
      const { taskVersion } = after.spec
      if (taskVersion < before.spec.taskVersion) {
        this.violated(`goes back to what ${key.name} was at its change ${taskVersion}`)
      }
    }
    const task = world.find(key.name)
    if (task === undefined || !(key.type === "EcsTask" || PROXIES.includes(key.type))) return
    const { role: name } = task.family
    const roles = name === null ? [null] : world.roles.get(name)?.since(time.now - ROLE_LAG) ?? []
    const verdicts = roles.map((role) => mayJoin(task.family, role))
    if (version === null && task.states.now?.desiredStatus === "RUNNING" && verdicts.every((may) => may)) {
      this.violated(`removed ${formatKey(key)}, whose task lives and may join`)
    }
    const isNew = before === null && PROXIES.includes(key.type)
    if (isNew && verdicts.every((may) => !may) && !this.scene.faults.metLately("GetRole", ROLE_LAG)) {
      this.violated(`registered ${formatKey(key)}, whose role doesn't allow it`)
    }
  }

  private woken(event: Message["event"]): ReadonlyArray<string> {
    // A cluster that isn't there yet is looked at as a whole once it is: until then its events tell nothing.
    const unwatched = event?.task?.cluster === "two" && this.scene.faults.metLately("cluster two", UNWATCHED)
    if (event?.task) return unwatched ? [] : [event.task.id]
    if (!event?.role) return []
    const arn = roleArn(event.role)
    return this.scene.resources.list("EcsTask").filter(({ spec }) => spec.taskRoleArn === arn).map(({ name }) => name)
  }

  private violated(what: string): void {
    this.scene.violated(`operator ${this.number} ${what}`)
  }
}
