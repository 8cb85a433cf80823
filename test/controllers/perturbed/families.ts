/** The kinds of task that the modelled world runs, and their definitions as ECS describes them. */
import type { ContainerDefinition, TaskDefinition } from "@aws-sdk/client-ecs"

export const ACCOUNT = "000000000000"
export const FOREIGN_ACCOUNT = "999999999999"
export const REGION = "us-east-1"

export const CLUSTERS = ["one", "two"] as const
export const clusterArn = (cluster: string): string => `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${cluster}`
export const taskArn = (cluster: string, id: string): string => `arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster}/${id}`

export interface Family {
  readonly name: string
  /** Null: its tasks run without a role. */
  readonly role: string | null
  readonly kind: "dataplane" | "ingress" | "egress" | "none"
  readonly network: "awsvpc" | "bridge" | "host"
  /** Its app's container has a health check. */
  readonly checked?: boolean
  /** The sidecar brings its Dataplane along; it stands for this service. */
  readonly template?: string
  /** `kuma.io/outbounds` */
  readonly calls?: string
}

export const FAMILIES: ReadonlyArray<Family> = [
  { name: "kv", role: "kv", kind: "dataplane", network: "awsvpc" },
  { name: "web", role: "web", kind: "dataplane", network: "awsvpc", checked: true },
  { name: "caller", role: "web", kind: "dataplane", network: "awsvpc", calls: "kv web-svc:15999" },
  { name: "templated", role: "web", kind: "dataplane", network: "awsvpc", template: "brought" },
  { name: "bridged", role: "web", kind: "dataplane", network: "bridge" },
  { name: "hosted", role: "kv", kind: "dataplane", network: "host" },
  { name: "ingress", role: "ingress", kind: "ingress", network: "awsvpc" },
  { name: "egress", role: "egress", kind: "egress", network: "awsvpc" },
  { name: "foreign", role: "foreign", kind: "dataplane", network: "awsvpc" },
  { name: "roleless", role: null, kind: "dataplane", network: "awsvpc" },
  { name: "plain", role: "kv", kind: "none", network: "awsvpc" }
]

export type Tags = Readonly<Record<string, string>>

/** The roles as they are at first. */
export const ROLES: Readonly<Record<string, Tags>> = {
  kv: { "kuma.io/type": "dataplane", "kuma.io/mesh": "default", "kuma.io/service": "kv" },
  web: { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" },
  ingress: { "kuma.io/type": "ingress" },
  egress: { "kuma.io/type": "egress" },
  foreign: { "kuma.io/type": "dataplane", "kuma.io/mesh": "default" }
}

export const roleArn = (name: string): string =>
  `arn:aws:iam::${name === "foreign" ? FOREIGN_ACCOUNT : ACCOUNT}:role/${name}`

export const definitionArn = (family: string, revision: number): string =>
  `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${family}:${revision}`

/** The app's port moves on with each revision. */
export const appPort = (revision: number): number => 5_000 + revision

const template = (service: string): string =>
  `type: Dataplane\nmesh: default\nname: mine\nnetworking:\n  address: {{ address }}\n` +
  `  inbound:\n  - port: 18080\n    servicePort: 8080\n    tags:\n      kuma.io/service: ${service}\n`

export const taskDefinition = (family: Family, revision: number): TaskDefinition => {
  const bridged = family.network === "bridge"
  const app: ContainerDefinition = {
    name: "app",
    image: "app:1",
    portMappings: [{ containerPort: appPort(revision), protocol: "tcp", appProtocol: "http" }],
    ...(family.checked ? { healthCheck: { command: ["CMD", "true"] } } : {}),
    ...(family.calls === undefined ? {} : { dockerLabels: { "kuma.io/outbounds": family.calls } })
  }
  const sidecar: ContainerDefinition = {
    name: "sidecar",
    image: "ecs-mesh-sidecar:1",
    command: ["sidecar", ...(family.template === undefined ? [] : ["--dataplane-var", "address=`hostname -i`"])],
    ...(bridged ? { portMappings: [{ containerPort: 15_000, protocol: "tcp" }] } : {}),
    environment: [
      { name: "KUMA_DATAPLANE_PROXY_TYPE", value: family.kind },
      ...(family.template === undefined
        ? []
        : [{ name: "KUMA_DATAPLANE_RUNTIME_RESOURCE", value: template(family.template) }])
    ]
  }
  return {
    taskDefinitionArn: definitionArn(family.name, revision),
    family: family.name,
    revision,
    networkMode: family.network,
    ...(family.role === null ? {} : { taskRoleArn: roleArn(family.role) }),
    containerDefinitions: family.kind === "none" ? [app] : [app, sidecar]
  }
}

/** What stands behind an ARN's last slash. */
export const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1)
