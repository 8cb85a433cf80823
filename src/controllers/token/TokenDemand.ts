/** Which living tasks want a token of which service and mesh. Remembers what was seen of each; asks nobody. */
import { MESH_TAG, SERVICE_TAG, type Tags } from "../../model/Tags.ts"

/** What must be seen of a task. */
export interface WantingTask {
  readonly tags: Tags
  readonly desiredStatus: string
  readonly lastStatus: string
  /** ECS's counter of the task's changes. */
  readonly version: number
}

interface Want {
  readonly service: string
  readonly mesh: string
  readonly version: number
  /** Unix milliseconds. */
  seenAt: number
}

const DEFAULT_MESH = "default"
const ENDED = ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED"]

const lives = ({ desiredStatus, lastStatus }: WantingTask): boolean =>
  desiredStatus !== "STOPPED" && !ENDED.includes(lastStatus)

export class TokenDemand {
  private readonly wants = new Map<string, Want>()
  private readonly forgetMillis: number

  /** `forgetMillis`: a task that wasn't seen for so long is gone, though nobody said so. */
  constructor(forgetMillis: number) {
    this.forgetMillis = forgetMillis
  }

  /**
   * A look at a task; null: ECS doesn't know it. Answers the service whose secret is to be looked at, or null where the
   * look says nothing new.
   */
  saw(key: string, task: WantingTask | null, now: number): string | null {
    const before = this.wants.get(key)
    const service = task === null || !lives(task) ? "" : task.tags[SERVICE_TAG] ?? ""
    if (task === null || service === "") {
      this.wants.delete(key)
      return null
    }
    const mesh = task.tags[MESH_TAG] || DEFAULT_MESH
    this.wants.set(key, { service, mesh, version: task.version, seenAt: now })
    return before?.service === service && before.mesh === mesh && before.version === task.version ? null : service
  }

  /** Meshes of the living tasks of a service, sorted, each once. */
  meshesOf(service: string, now: number): ReadonlyArray<string> {
    const meshes = new Set<string>()
    for (const [key, want] of this.wants) {
      if (want.seenAt + this.forgetMillis <= now) this.wants.delete(key)
      else if (want.service === service) meshes.add(want.mesh)
    }
    return [...meshes].sort()
  }

  services(): ReadonlyArray<string> {
    return [...new Set([...this.wants.values()].map(({ service }) => service))].sort()
  }
}
