/**
 * The task in a "ECS Task State Change", as far as the event shows it: what DescribeTasks would have said at that
 * version, without its tags. The role and the definition aren't in it. Pure.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
import { Schema } from "effect"
import type { ObservedTask } from "../lifecycle/TaskObservation.ts"

const text = Schema.optionalKey(Schema.NullOr(Schema.String))

const Detail = Schema.Struct({
  taskArn: Schema.String,
  clusterArn: Schema.String,
  taskDefinitionArn: text,
  group: text,
  lastStatus: Schema.String,
  desiredStatus: Schema.String,
  version: Schema.Int,
  availabilityZone: text,
  containerInstanceArn: text,
  /** `eni` here; DescribeTasks calls the same one `ElasticNetworkInterface`. */
  attachments: Schema.optionalKey(Schema.Array(Schema.Struct({
    type: text,
    details: Schema.optionalKey(Schema.Array(Schema.Struct({ name: text, value: text })))
  }))),
  containers: Schema.optionalKey(Schema.Array(Schema.Struct({
    name: text,
    lastStatus: text,
    healthStatus: text,
    networkInterfaces: Schema.optionalKey(Schema.Array(Schema.Struct({ privateIpv4Address: text }))),
    networkBindings: Schema.optionalKey(Schema.Array(Schema.Struct({
      containerPort: Schema.optionalKey(Schema.Number),
      hostPort: Schema.optionalKey(Schema.Number),
      protocol: text
    })))
  }))),
  overrides: Schema.optionalKey(Schema.Struct({ taskRoleArn: text }))
})

const decodeEvent = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ detail: Detail })))

type Detail = typeof Detail.Type

const addressIn = ({ attachments = [], containers = [] }: Detail): string | null => {
  const attached = attachments
    .filter(({ type }) => type === "eni" || type === "ElasticNetworkInterface")
    .flatMap(({ details = [] }) => details)
    .find(({ name }) => name === "privateIPv4Address")?.value
  const own = containers
    .flatMap(({ networkInterfaces = [] }) => networkInterfaces)
    .find(({ privateIpv4Address }) => privateIpv4Address)
  return attached ?? own?.privateIpv4Address ?? null
}

/** `body`: JSON of the whole event. Null where it has no task that can be read. */
export const eventTask = (body: string): ObservedTask | null => {
  const decoded = decodeEvent(body)
  if (decoded._tag === "None") return null
  const { detail } = decoded.value
  return {
    taskArn: detail.taskArn,
    clusterArn: detail.clusterArn,
    taskDefinitionArn: detail.taskDefinitionArn ?? "",
    taskRoleArn: detail.overrides?.taskRoleArn ?? null,
    group: detail.group ?? "",
    lastStatus: detail.lastStatus,
    desiredStatus: detail.desiredStatus,
    version: detail.version,
    address: addressIn(detail),
    containerInstanceArn: detail.containerInstanceArn ?? null,
    availabilityZone: detail.availabilityZone ?? null,
    tags: {},
    containers: (detail.containers ?? []).map(({ healthStatus, lastStatus, name, networkBindings = [] }) => ({
      name: name ?? "",
      lastStatus: lastStatus ?? "UNKNOWN",
      healthStatus: healthStatus ?? "UNKNOWN",
      networkBindings: networkBindings.flatMap(({ containerPort, hostPort, protocol }) =>
        containerPort === undefined || hostPort === undefined || (protocol ?? "tcp") !== "tcp"
          ? []
          : [{ containerPort, hostPort }]
      )
    }))
  }
}
