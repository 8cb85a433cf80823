/**
 * What the operator knows of one ECS task, and what it decided. Written by the leading operator,
 * read by every replica's authentication: a sidecar's identity is bound to this observation.
 * The resource's name is the task id; its mesh is empty.
 */
import { Schema } from "effect"
import { Condition } from "./Condition.ts"
import { PROXY_TYPES } from "./ProxyType.ts"
import { Tags } from "./Tags.ts"

export const TaskPhase = Schema.Literals([
  "pending",
  "identified",
  "refused",
  "valid",
  "registered",
  "draining",
  "gone"
])
export type TaskPhase = typeof TaskPhase.Type

/** The task's role as IAM has it. */
export const ObservedRole = Schema.Struct({
  arn: Schema.String,
  /** `AROA...`: a re-created role of the same name has another. */
  roleId: Schema.String,
  tags: Tags
})
export type ObservedRole = typeof ObservedRole.Type

export const EcsTask = Schema.Struct({
  taskArn: Schema.String,
  clusterArn: Schema.String,
  taskDefinitionArn: Schema.String,
  taskRoleArn: Schema.NullOr(Schema.String),
  role: Schema.NullOr(ObservedRole),
  lastStatus: Schema.String,
  desiredStatus: Schema.String,
  /** ECS's own counter of the task's changes. */
  taskVersion: Schema.Number,
  /** Private IP of the task, or null while it has none. */
  address: Schema.NullOr(Schema.String),
  phase: TaskPhase,
  /** The proxy that this task may be; null until it is valid. */
  proxy: Schema.NullOr(
    Schema.Struct({
      proxyType: Schema.Literals(PROXY_TYPES),
      mesh: Schema.String,
      name: Schema.String
    })
  ),
  conditions: Schema.Array(Condition)
})
export type EcsTask = typeof EcsTask.Type
