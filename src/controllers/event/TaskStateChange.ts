/**
 * "ECS Task State Change" as far as it wakes somebody:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 * Fields that aren't named here (overrides may hold secrets) are dropped on decoding.
 */
import { Schema } from "effect"

export const TaskStateChange = Schema.Struct({
  id: Schema.String,
  source: Schema.Literal("aws.ecs"),
  "detail-type": Schema.Literal("ECS Task State Change"),
  account: Schema.String,
  region: Schema.String,
  time: Schema.String,
  /** Set where an archive was replayed onto the bus. */
  "replay-name": Schema.optionalKey(Schema.String),
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
    stopCode: Schema.optionalKey(Schema.String)
  })
})
export type TaskStateChange = typeof TaskStateChange.Type
