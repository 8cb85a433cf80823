/**
 * The shapes of what a journal recorded, as decisions need them. An entry of another shape was written by another
 * version, or by hand: it is refused with the place that is wrong, and never decided upon.
 */
import { Schema } from "effect"
import { Dataplane } from "../../model/Dataplane.ts"
import { EcsTask, ObservedRole } from "../../model/EcsTask.ts"
import { PROXY_TYPES } from "../../model/ProxyType.ts"
import { Tags } from "../../model/Tags.ts"
import { ZoneEgress } from "../../model/ZoneEgress.ts"
import { ZoneIngress } from "../../model/ZoneIngress.ts"
import type { KindSettings } from "../lifecycle/decide.ts"
import type { IgnoringSettings } from "../lifecycle/ignored.ts"
import type { ObservedDefinition, ObservedTask, RoleReading, TaskObservation } from "../lifecycle/TaskObservation.ts"

const Text = Schema.String
const TextOrNull = Schema.NullOr(Schema.String)

const Task: Schema.Codec<ObservedTask, unknown> = Schema.Struct({
  taskArn: Text,
  clusterArn: Text,
  taskDefinitionArn: Text,
  taskRoleArn: TextOrNull,
  group: Text,
  lastStatus: Text,
  desiredStatus: Text,
  version: Schema.Number,
  address: TextOrNull,
  containerInstanceArn: TextOrNull,
  availabilityZone: TextOrNull,
  tags: Tags,
  containers: Schema.Array(Schema.Struct({
    name: Text,
    lastStatus: Text,
    healthStatus: Text,
    networkBindings: Schema.Array(Schema.Struct({ containerPort: Schema.Number, hostPort: Schema.Number }))
  }))
})

const Sidecar = Schema.Struct({
  proxyType: Schema.Literals(PROXY_TYPES),
  mesh: TextOrNull,
  template: TextOrNull,
  templateVariables: Schema.Record(Schema.String, Schema.String)
})

const Definition: Schema.Codec<ObservedDefinition, unknown> = Schema.Struct({
  arn: Text,
  family: Text,
  networkMode: Text,
  containers: Schema.Array(Schema.Struct({
    name: Text,
    image: Text,
    hasHealthCheck: Schema.Boolean,
    portMappings: Schema.Array(
      Schema.Struct({ containerPort: Schema.Number, name: TextOrNull, appProtocol: TextOrNull })
    ),
    labels: Schema.Record(Schema.String, Schema.String),
    sidecar: Schema.NullOr(Sidecar)
  }))
})

const Role: Schema.Codec<RoleReading, unknown> = Schema.Union([
  Schema.Struct({ status: Schema.Literal("none") }),
  Schema.Struct({ status: Schema.Literal("read"), role: ObservedRole }),
  Schema.Struct({ status: Schema.Literal("remembered"), role: ObservedRole, message: Text }),
  Schema.Struct({ status: Schema.Literal("unreadable"), message: Text }),
  Schema.Struct({ status: Schema.Literal("deleted") }),
  Schema.Struct({ status: Schema.Literal("foreign"), reason: Text, message: Text })
])

const Look: Schema.Codec<TaskObservation, unknown> = Schema.Struct({
  taskId: Text,
  task: Schema.NullOr(Task),
  definition: Schema.NullOr(Definition),
  role: Role,
  hostAddress: TextOrNull,
  knownAddress: TextOrNull
})

/** As it is kept: nothing is filled in that wasn't there. */
const stored = <T extends string, S extends Schema.Top>(type: T, spec: S) =>
  Schema.Struct({
    type: Schema.Literal(type),
    mesh: Text,
    name: Text,
    labels: Schema.Record(Schema.String, Schema.String),
    spec: Schema.toType(spec),
    version: Schema.Number,
    creationTime: Text,
    modificationTime: Text
  })

const common = {
  look: Look,
  previous: Schema.NullOr(stored("EcsTask", EcsTask)),
  connection: Schema.Struct({ online: Schema.Boolean, acknowledged: Schema.Boolean })
}

export const DataplaneObserved = Schema.Struct({
  ...common,
  stored: Schema.NullOr(stored("Dataplane", Dataplane)),
  missingMesh: Schema.optionalKey(Text),
  outboundPorts: Schema.Record(Schema.String, Schema.Number)
})

export const ZoneIngressObserved = Schema.Struct({
  ...common,
  stored: Schema.NullOr(stored("ZoneIngress", ZoneIngress))
})

export const ZoneEgressObserved = Schema.Struct({
  ...common,
  stored: Schema.NullOr(stored("ZoneEgress", ZoneEgress))
})

/** Of a task that is none of ours. */
export const IgnoredObserved = Schema.Struct({ look: Look })

export const IgnoredBy: Schema.Codec<IgnoringSettings, unknown> = Schema.Struct({ dataplanesBringOwn: Schema.Boolean })

export const Settings: Schema.Codec<KindSettings, unknown> = Schema.Struct({
  zone: Text,
  copyTags: Schema.optionalKey(Schema.Array(Schema.String)),
  outboundAddress: Schema.optionalKey(Schema.Literals(["loopback", "task"]))
})
