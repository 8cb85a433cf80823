/**
 * Which tasks of the mesh belong together, as each was seen last: events of a service or of a container instance name
 * none of their tasks. Kept in memory: after a restart everything is looked at anyway.
 */
import { fileUnder, takeFrom } from "../../model/fileUnder.ts"
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

const groupKey = (clusterArn: string, group: string): string => `${clusterArn} ${group}`

const groupOf = ({ clusterArn, group }: Known): string => groupKey(clusterArn, group)

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
  private readonly byGroup = new Map<string, Set<string>>()
  private readonly byInstance = new Map<string, Set<string>>()
  private readonly ended = new Map<string, number>()

  /** `decided`: the store still knows it, as it is decided upon to its end. */
  note(key: string, look: TaskObservation, decided = false): void {
    const now = known(look)
    const before = this.tasks.get(key)
    const was = before !== undefined
    if (was && (now === null || groupOf(before) !== groupOf(now) || before.instanceArn !== now.instanceArn)) {
      this.forget(key, before)
    }
    if (now !== null) {
      this.tasks.set(key, now)
      fileUnder(this.byGroup, groupOf(now), key)
      if (now.instanceArn !== null) fileUnder(this.byInstance, now.instanceArn, key)
      return
    }
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
    return [...this.byGroup.get(groupKey(clusterArn, `service:${service}`)) ?? []]
  }

  /** Those tasks of a group whose containers weren't all well when they were looked at. */
  waitingIn(clusterArn: string, group: string): ReadonlyArray<string> {
    return [...this.byGroup.get(groupKey(clusterArn, group)) ?? []].filter((key) => this.tasks.get(key)?.waits)
  }

  ofInstance(instanceArn: string): ReadonlyArray<string> {
    return [...this.byInstance.get(instanceArn) ?? []]
  }

  private forget(key: string, task: Known): void {
    this.tasks.delete(key)
    takeFrom(this.byGroup, groupOf(task), key)
    if (task.instanceArn !== null) takeFrom(this.byInstance, task.instanceArn, key)
  }
}
