/**
 * "ECS Task State Change" as far as it wakes somebody:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 * Fields that aren't named here (overrides may hold secrets) are dropped on decoding.
 */
import { Schema } from "effect"
import { envelope } from "./envelope.ts"

export const TaskStateChange = Schema.Struct({
  id: Schema.String,
  source: Schema.Literal("aws.ecs"),
  "detail-type": Schema.Literal("ECS Task State Change"),
  ...envelope,
  detail: Schema.Struct({
    clusterArn: Schema.String,
    taskArn: Schema.String,
    lastStatus: Schema.String,
    desiredStatus: Schema.String,
    /** Counts the task's changes; the event's own `version` is always "0". */
    version: Schema.Int,
    /** `service:NAME` for a task of a service. */
    group: Schema.optionalKey(Schema.String),
    /** Why it stops, in one word: `SpotInterruption`, `ServiceSchedulerInitiated`, ... */
    stopCode: Schema.optionalKey(Schema.String),
    /** The same in a sentence. */
    stoppedReason: Schema.optionalKey(Schema.String)
  })
})
export type TaskStateChange = typeof TaskStateChange.Type
