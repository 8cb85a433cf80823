/**
 * What each task of the mesh looked like when it was looked at last and all that follows from it had been done. A look
 * that only its time has come for needs nothing more where it shows the same: whoever changes what the store says wakes
 * the task, and so does an event. Kept in memory; the full look doubts all of them.
 */
import { Equal } from "effect"
import type { TaskReading } from "../aws/EcsReader.ts"
import type { ObservedTask, RoleReading, TaskObservation } from "./TaskObservation.ts"

export interface LastLook {
  /** As ECS told it, before anything was left out. */
  readonly task: ObservedTask
  readonly look: TaskObservation
  /** Milliseconds within which it is looked at again; null where only events wake it. */
  readonly patience: number | null
}

/** Whether ECS says the same as before. What a task was started from never changes while it lives. */
export const isSameTask = (last: LastLook, reading: TaskReading): boolean =>
  reading.definition !== null && Equal.equals(reading.task, last.task)

/** Whether IAM's answer is the very one that was judged: it is remembered until something says that it may have changed. */
export const isSameRole = ({ look }: LastLook, role: RoleReading): boolean =>
  role.status === "none"
    ? look.role.status === "none"
    : role.status === "read" && look.role.status === "read" && role.role === look.role.role

export class LastLooks {
  private readonly looks = new Map<string, LastLook>()
  private readonly doubted = new Set<string>()

  /** Whatever became of it since. */
  of(key: string): LastLook | undefined {
    return this.looks.get(key)
  }

  /** Only where nothing is left to be done that follows from it. */
  undoubted(key: string): LastLook | undefined {
    return this.doubted.has(key) ? undefined : this.looks.get(key)
  }

  note(key: string, look: LastLook): void {
    this.looks.set(key, look)
    this.doubted.delete(key)
  }

  forget(key: string): void {
    this.looks.delete(key)
    this.doubted.delete(key)
  }

  doubt(key: string): void {
    if (this.looks.has(key)) this.doubted.add(key)
  }

  doubtAll(): void {
    for (const key of this.looks.keys()) this.doubted.add(key)
  }
}
