/**
 * "ECS Container Instance State Change" of an instance that is left or gone:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
 * ECS sends one for each task that is placed or stopped, and whenever the agent's connection comes and goes ("several
 * times per hour as a part of its normal operation"); those say nothing of the instance's tasks.
 */
import { Schema } from "effect"
import { envelope } from "./envelope.ts"

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html */
export const LEAVING_INSTANCE = ["DRAINING", "DEREGISTERING", "INACTIVE"] as const

export const InstanceStateChange = Schema.Struct({
  id: Schema.String,
  source: Schema.Literal("aws.ecs"),
  "detail-type": Schema.Literal("ECS Container Instance State Change"),
  ...envelope,
  detail: Schema.Struct({
    clusterArn: Schema.String,
    containerInstanceArn: Schema.String,
    status: Schema.Literals(LEAVING_INSTANCE),
    /** Counts the instance's changes. */
    version: Schema.Int
  })
})
export type InstanceStateChange = typeof InstanceStateChange.Type
