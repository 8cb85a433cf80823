/** What one measurement is told. */
import type { Variant } from "./generator/discovery.ts"
import type { SubjectName } from "./subject/Subject.ts"

/** What comes after the cold start, in this order. */
export const PHASES = ["idle", "change", "unrelated", "label", "policy", "storm", "ecs"] as const
export type Phase = typeof PHASES[number]

export interface Plan {
  readonly subject: SubjectName
  readonly proxies: number
  readonly variant: Variant
  readonly phases: ReadonlyArray<Phase>
  /** Endpoint changes. */
  readonly changes: number
  readonly idleSeconds: number
  /** Tasks that are stopped by ECS. */
  readonly events: number
  /** Folder of the ecs-mesh that is measured: another checkout, to compare with. */
  readonly tree: string
  /** Path of the program. */
  readonly kumaCp: string | null
  /** A folder for a CPU profile of each phase. */
  readonly profile: string | null
  readonly heap: boolean
}
