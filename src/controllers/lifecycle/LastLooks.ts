/**
 * What each task of the mesh looked like when it was looked at last and all that follows from it had been done. A look
 * that only its time has come for needs nothing more where it shows the same: whoever changes what the store says wakes
 * the task, and so does an event. Kept in memory; a full look begins with none.
 */
import { Equal } from "effect"
import type { TaskReading } from "../aws/EcsReader.ts"
import type { RoleReading, TaskObservation } from "./TaskObservation.ts"

export interface LastLook {
  readonly reading: TaskReading
  readonly look: TaskObservation
  /** Milliseconds within which it is looked at again. */
  readonly patience: number
}

/** Whether ECS says the same as before. What a task was started from never changes while it lives. */
export const isSameTask = (last: LastLook, reading: TaskReading | null): boolean =>
  reading !== null && reading.definition !== null && Equal.equals(reading.task, last.reading.task)

/** Whether IAM's answer is the very one that was judged: it is remembered until something says that it may have changed. */
export const isSameRole = ({ look }: LastLook, role: RoleReading): boolean =>
  role.status === "none"
    ? look.role.status === "none"
    : role.status === "read" && look.role.status === "read" && role.role === look.role.role

export class LastLooks {
  private readonly looks = new Map<string, LastLook>()

  of(key: string): LastLook | null {
    return this.looks.get(key) ?? null
  }

  note(key: string, look: LastLook): void {
    this.looks.set(key, look)
  }

  forget(key: string): void {
    this.looks.delete(key)
  }

  forgetAll(): void {
    this.looks.clear()
  }
}
