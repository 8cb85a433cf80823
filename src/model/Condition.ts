/** One statement about a resource that its owner can act on. */
import { Schema } from "effect"

export const Condition = Schema.Struct({
  /** What it speaks of: `Identified`, `Accepted`, `Registered`, `SidecarConnected`. */
  type: Schema.String,
  status: Schema.Literals(["True", "False", "Unknown"]),
  /** CamelCase, for programs: `RoleTagMissing`. */
  reason: Schema.String,
  /** For people: what is wrong and what to change. */
  message: Schema.String,
  /** ISO 8601, UTC. */
  lastTransitionTime: Schema.optionalKey(Schema.String)
})
export type Condition = typeof Condition.Type
