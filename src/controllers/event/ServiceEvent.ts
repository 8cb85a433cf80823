/**
 * "ECS Service Action" and "ECS Deployment State Change", as far as they say that a service's tasks have changed:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html and
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
 * Neither carries a version ("the service action events do not include a version number"), and the latter names no
 * cluster but in the service's ARN.
 */
import { Schema } from "effect"
import { envelope } from "./envelope.ts"

/**
 * After these a service has other tasks than before, or ECS finds them well. What only announces (a deployment in
 * progress) or regrets (no place for a task) changes no task: what follows from it comes as the tasks' own events.
 */
export const WAKING_SERVICE_EVENTS = [
  "SERVICE_STEADY_STATE",
  "TASKS_STOPPED",
  "SERVICE_DEPLOYMENT_COMPLETED",
  "SERVICE_DEPLOYMENT_FAILED"
] as const

export const ServiceEvent = Schema.Struct({
  id: Schema.String,
  source: Schema.Literal("aws.ecs"),
  "detail-type": Schema.Literals(["ECS Service Action", "ECS Deployment State Change"]),
  ...envelope,
  /** The service's ARN alone. */
  resources: Schema.NonEmptyArray(Schema.String),
  detail: Schema.Struct({ eventName: Schema.Literals(WAKING_SERVICE_EVENTS) })
})
export type ServiceEvent = typeof ServiceEvent.Type
