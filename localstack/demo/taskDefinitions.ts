// The demo's task definitions, as a user of ECS would write them: the app, and the sidecar that it waits for.
import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs"

export interface DefinitionSettings {
  /** `https://127.0.0.1:5678` */
  readonly controlPlaneUrl: string
  readonly controlPlaneCaCertFile: string
  /** Path of Envoy. */
  readonly envoy: string
  /** More of the sidecar's environment. */
  readonly sidecarEnvironment: Readonly<Record<string, string>>
  /** More of the environment of kv's app. */
  readonly kvEnvironment: Readonly<Record<string, string>>
}

/** The agent puts the task's address here: all of the demo's tasks share a host, each with an address of its own. */
const taskAddress = "${ECS_DEMO_TASK_ADDRESS}"

const pairs = (environment: Readonly<Record<string, string>>): Array<{ name: string; value: string }> =>
  Object.entries(environment).map(([name, value]) => ({ name, value }))

export const sidecar = (settings: DefinitionSettings): ContainerDefinition => ({
  name: "sidecar",
  image: "ecs-mesh/sidecar:0.1.0",
  essential: true,
  entryPoint: ["bin/ecs-mesh"],
  command: ["sidecar", "--auth-type=aws"],
  environment: pairs({
    KUMA_CONTROL_PLANE_URL: settings.controlPlaneUrl,
    KUMA_CONTROL_PLANE_CA_CERT_FILE: settings.controlPlaneCaCertFile,
    KUMA_DATAPLANE_RUNTIME_BINARY_PATH: settings.envoy,
    KUMA_DATAPLANE_RUNTIME_CONCURRENCY: "1",
    KUMA_DATAPLANE_DRAIN_TIME: "5s",
    ECS_MESH_DRAIN_QUIET_TIME: "1s",
    ECS_MESH_BIND_ADDRESS: taskAddress,
    ECS_MESH_ADMIN_ADDRESS: taskAddress,
    ...settings.sidecarEnvironment
  }),
  healthCheck: {
    command: ["CMD-SHELL", "localstack/demo/isReady $ECS_DEMO_TASK_ADDRESS 9902"],
    interval: 5,
    timeout: 4,
    retries: 3,
    startPeriod: 300
  },
  stopTimeout: 30
})

const workload = (
  name: string,
  file: string,
  port: number,
  environment: Readonly<Record<string, string>>,
  dockerLabels: Readonly<Record<string, string>>
): ContainerDefinition => ({
  name,
  image: `ecs-mesh/${name}:0.1.0`,
  essential: true,
  entryPoint: ["node"],
  command: [`localstack/demo/${file}`],
  portMappings: [{ name, containerPort: port, protocol: "tcp", appProtocol: "http" }],
  environment: pairs(environment),
  dockerLabels: { "ecs-mesh.io/service-address": "task", ...dockerLabels },
  dependsOn: [{ containerName: "sidecar", condition: "HEALTHY" }],
  healthCheck: {
    command: ["CMD-SHELL", `localstack/demo/isReady $ECS_DEMO_TASK_ADDRESS ${port}`],
    interval: 5,
    timeout: 4,
    retries: 3,
    startPeriod: 60
  },
  stopTimeout: 30
})

export const demoApp = (settings: DefinitionSettings): Array<ContainerDefinition> => [
  workload("demo-app", "demoApp.ts", 5050, { KV_URL: `http://${taskAddress}:5051` }, { "kuma.io/outbounds": "kv:5051" }),
  sidecar(settings)
]

export const kv = (settings: DefinitionSettings): Array<ContainerDefinition> => [
  workload("kv", "kv.ts", 5051, settings.kvEnvironment, {}),
  sidecar(settings)
]

export const fargateDefinition = (
  family: string,
  taskRoleArn: string,
  containerDefinitions: Array<ContainerDefinition>
): RegisterTaskDefinitionCommandInput => ({
  family,
  taskRoleArn,
  containerDefinitions,
  networkMode: "awsvpc",
  requiresCompatibilities: ["FARGATE"],
  cpu: "256",
  memory: "512"
})
