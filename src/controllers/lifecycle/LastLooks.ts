/**
 * What each task of the mesh looked like when it was looked at last and all that follows from it had been done. A look
 * that only its time has come for needs nothing more where it shows the same: whoever changes what the store says wakes
 * the task, and so does an event. Kept in memory; the full look doubts those of which the store says something else.
 */
import { isDeepStrictEqual } from "node:util"
import type { Resource } from "../../model/Resource.ts"
import type { TaskReading } from "../aws/EcsReader.ts"
import { formatTaskKey, taskKeyOf } from "../TaskKey.ts"
import type { RoleReading, TaskObservation } from "./TaskObservation.ts"

export interface LastLook {
  /** The task as ECS told it, before anything was left out: as JSON, which is compared without effort. */
  readonly told: string
  readonly look: TaskObservation
  /** Milliseconds within which it is looked at again; null where only events wake it. */
  readonly patience: number | null
}

/** Whether ECS says the same as before. What a task was started from never changes while it lives. */
export const isSameTask = (last: LastLook, reading: TaskReading): boolean =>
  reading.definition !== null && JSON.stringify(reading.task) === last.told

/** Whether IAM says what was judged. */
export const isSameRole = ({ look }: LastLook, role: RoleReading): boolean =>
  role.status === "none"
    ? look.role.status === "none"
    : role.status === "read" && look.role.status === "read" && isDeepStrictEqual(role.role, look.role.role)

export class LastLooks {
  private readonly looks = new Map<string, LastLook>()
  private readonly doubted = new Set<string>()
  /** Counts how often all of them were doubted: those that are being looked at meanwhile, too. */
  private doubts = 0

  get age(): number {
    return this.doubts
  }

  /** Whatever became of it since. */
  of(key: string): LastLook | undefined {
    return this.looks.get(key)
  }

  /** Only where nothing is left to be done that follows from it. */
  undoubted(key: string): LastLook | undefined {
    return this.doubted.has(key) ? undefined : this.looks.get(key)
  }

  /** `age`: that of when the look began. */
  note(key: string, look: LastLook, age: number): void {
    this.looks.set(key, look)
    if (age === this.doubts) this.doubted.delete(key)
    else this.doubted.add(key)
  }

  forget(key: string): void {
    this.looks.delete(key)
    this.doubted.delete(key)
  }

  doubt(key: string): void {
    if (this.looks.has(key)) this.doubted.add(key)
  }

  doubtAll(): void {
    this.doubts += 1
    for (const key of this.looks.keys()) this.doubted.add(key)
  }

  /**
   * Doubts what the store doesn't hold as it was seen last. `isSeen`: whether a resource was seen in its version;
   * `proxies`: all that stand for a task of the mesh, whose name is the task's.
   */
  doubtWhere(
    tasks: ReadonlyArray<Resource<"EcsTask">>,
    proxies: ReadonlyArray<Resource>,
    isSeen: (resource: Resource) => boolean
  ): void {
    const asSeen = new Map(proxies.map((proxy) => [proxy.name, isSeen(proxy)]))
    const sure = new Set<string>()
    for (const task of tasks) {
      const { clusterArn, proxy, taskArn } = task.spec
      const isProxySure = proxy === null ? !asSeen.has(task.name) : asSeen.get(task.name) === true
      if (isSeen(task) && isProxySure) sure.add(formatTaskKey(taskKeyOf(clusterArn, taskArn)))
    }
    for (const key of this.looks.keys()) if (!sure.has(key)) this.doubted.add(key)
  }
}
