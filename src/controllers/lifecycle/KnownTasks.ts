/**
 * Which tasks of the mesh belong together, as each was seen last: events of a service or of a container instance name
 * none of their tasks. Kept in memory: after a restart everything is looked at anyway.
 */
import { isReady } from "../dataplane/health.ts"
import { isGone, isStopping, sidecarOf, type TaskObservation } from "./TaskObservation.ts"

interface Known {
  readonly clusterArn: string
  readonly group: string
  readonly instanceArn: string | null
  /** It shall run, and its containers don't all run or aren't all seen healthy. */
  readonly waits: boolean
}

/** So many tasks that ended are remembered: those of some minutes, even where many come and go. */
const MOST_ENDED = 5_000

const HAS_LISTENERS = { online: true, acknowledged: true }

const known = (look: TaskObservation): Known | null => {
  const { task } = look
  if (task === null || isGone(look) || sidecarOf(look) === undefined) return null
  return {
    clusterArn: task.clusterArn,
    group: task.group,
    instanceArn: task.containerInstanceArn,
    waits: !isStopping(look) && !isReady(look, HAS_LISTENERS, null)
  }
}

/** All lists hold keys: `task/<cluster>/<task id>`. */
export class KnownTasks {
  private readonly tasks = new Map<string, Known>()
  private readonly ended = new Map<string, number>()

  /** `decided`: the store still knows it, as it is decided upon to its end. */
  note(key: string, look: TaskObservation, decided = false): void {
    const now = known(look)
    if (now !== null) {
      this.tasks.set(key, now)
      return
    }
    const was = this.tasks.delete(key)
    if (isGone(look) && (was || decided)) this.ended.set(key, look.task?.version ?? 0)
    const [oldest] = this.ended.keys()
    if (oldest !== undefined && this.ended.size > MOST_ENDED) this.ended.delete(oldest)
  }

  /**
   * At which of its changes a task of the mesh had ended, 0 where it didn't: the store knows nothing of it any more,
   * and what ECS shows of before is late.
   */
  lastVersionOf(key: string): number {
    return this.ended.get(key) ?? 0
  }

  /** Whether a task of the mesh had ended: all that there was to decide about it was decided then. */
  hasEnded(key: string): boolean {
    return this.ended.has(key)
  }

  /** Every task of a service. */
  ofService(clusterArn: string, service: string): ReadonlyArray<string> {
    return this.keys((task) => task.clusterArn === clusterArn && task.group === `service:${service}`)
  }

  /** Those tasks of a group whose containers weren't all well when they were looked at. */
  waitingIn(clusterArn: string, group: string): ReadonlyArray<string> {
    return this.keys((task) => task.waits && task.clusterArn === clusterArn && task.group === group)
  }

  ofInstance(instanceArn: string): ReadonlyArray<string> {
    return this.keys((task) => task.instanceArn === instanceArn)
  }

  private keys(isMeant: (task: Known) => boolean): ReadonlyArray<string> {
    return [...this.tasks].flatMap(([key, task]) => (isMeant(task) ? [key] : []))
  }
}
