/**
 * The demo's parts with many tasks: an emulated AWS, the operator with its control plane on embedded Postgres, the ECS
 * agent's stand-in, and for each task a real sidecar with a real Envoy. Every service calls every service. The apps
 * live in this process.
 */
import { CreateClusterCommand, CreateServiceCommand, ECSClient, RegisterTaskDefinitionCommand } from "@aws-sdk/client-ecs"
import { IAMClient } from "@aws-sdk/client-iam"
import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { EcsAgent } from "../../localstack/agent/EcsAgent.ts"
import { Demo, demoCluster, networkConfiguration } from "../../localstack/demo/Demo.ts"
import { createOperator, createRole } from "../../localstack/demo/seedDemo.ts"
import { fargateDefinition, sidecar } from "../../localstack/demo/taskDefinitions.ts"
import { untilEventsFlow } from "../../localstack/demo/untilEventsFlow.ts"
import { type Emulator, startMinistack } from "../../localstack/ministack/startMinistack.ts"
import { freePort } from "../../localstack/process/freePort.ts"
import type { RunningProcess } from "../../localstack/process/startProcess.ts"
import { startStsJsonProxy } from "../../localstack/StsJsonProxy.ts"
import { toolPaths } from "../../localstack/tools.ts"
import { startControlPlane } from "../../src/cli/demo/startControlPlane.ts"
import { APP_PORT, checkReady, hostApps } from "./AppHost.ts"
import { type AwsTap, openAwsTap } from "./AwsTap.ts"
import { JournalIndex } from "./JournalIndex.ts"

export interface TaskWorld {
  readonly folder: string
  readonly services: ReadonlyArray<string>
  readonly emulator: Emulator
  readonly demo: Demo
  readonly agent: EcsAgent
  readonly tap: AwsTap
  readonly journal: JournalIndex
  readonly controlPlane: RunningProcess
}

export interface TaskWorldOptions {
  readonly tasks: number
  readonly services: number
  /** More of the operator's environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

/** The operator's own default for the zone `default`. */
const QUEUE = "ecs-mesh-default"

const root = join(import.meta.dirname, "..", "..")

/** The port of each task on which it calls the service. */
export const outboundPort = (service: string): number => 6000 + Number(service.slice(1))

const readiness = (port: number) => ({ command: ["CMD", "ready", String(port)], interval: 5, timeout: 4, retries: 3, startPeriod: 1_500 })

const seed = async (emulator: Emulator, services: ReadonlyArray<string>, controlPlane: { url: string; ca: string }) => {
  const { credentials, endpoint, region } = emulator
  const ecs = new ECSClient({ endpoint, region, credentials })
  const iam = new IAMClient({ endpoint, region, credentials })
  const settings = {
    controlPlaneUrl: controlPlane.url,
    controlPlaneCaCertFile: controlPlane.ca,
    envoy: toolPaths().envoy,
    sidecarEnvironment: {},
    kvEnvironment: {}
  }
  try {
    await ecs.send(new CreateClusterCommand({ clusterName: demoCluster }))
    const keys = await createOperator(iam)
    for (const service of services) {
      const role = await createRole(iam, `bench-${service}`, {
        "kuma.io/type": "dataplane",
        "kuma.io/mesh": "default",
        "kuma.io/service": service
      })
      const app = {
        name: "app",
        image: "ecs-mesh/bench-app:0.1.0",
        essential: true,
        entryPoint: ["sleep"],
        command: ["infinity"],
        portMappings: [{ name: service, containerPort: APP_PORT, protocol: "tcp" as const, appProtocol: "http" as const }],
        dockerLabels: {
          "ecs-mesh.io/service-address": "task",
          "kuma.io/outbounds": services.map((called) => `${called}:${outboundPort(called)}`).join(" ")
        },
        dependsOn: [{ containerName: "sidecar", condition: "HEALTHY" as const }],
        healthCheck: readiness(APP_PORT)
      }
      const proxy = { ...sidecar(settings), healthCheck: readiness(9902) }
      await ecs.send(new RegisterTaskDefinitionCommand(fargateDefinition(service, role, [app, proxy])))
    }
    return keys
  } finally {
    ecs.destroy()
    iam.destroy()
  }
}

const createServices = async ({ credentials, endpoint, region }: Emulator, counts: ReadonlyMap<string, number>) => {
  const ecs = new ECSClient({ endpoint, region, credentials })
  try {
    for (const [serviceName, desiredCount] of counts) {
      await ecs.send(
        new CreateServiceCommand({
          cluster: demoCluster,
          serviceName,
          taskDefinition: serviceName,
          desiredCount,
          launchType: "FARGATE",
          networkConfiguration
        })
      )
    }
  } finally {
    ecs.destroy()
  }
}

/** Mutual TLS everywhere, and everybody may call everybody. */
const seedMesh = async (apiPort: number): Promise<void> => {
  const put = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${apiPort}${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
  }
  await put("/meshes/default", {
    type: "Mesh",
    name: "default",
    mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] }
  })
  await put("/meshes/default/meshtrafficpermissions/allow-all", {
    type: "MeshTrafficPermission",
    mesh: "default",
    name: "allow-all",
    spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
  })
}

const countsOf = (services: ReadonlyArray<string>, tasks: number): ReadonlyMap<string, number> =>
  new Map(services.map((name, index) => [name, Math.floor((tasks + services.length - 1 - index) / services.length)]))

/** Runs `use` in the world and ends all of it, however `use` ends. */
export const withTaskWorld = async <A>(options: TaskWorldOptions, use: (world: TaskWorld) => Promise<A>): Promise<A> => {
  const endings: Array<() => Promise<unknown>> = []
  const part = async <B>(what: string, start: () => Promise<B>, stop: (started: B) => Promise<unknown>): Promise<B> => {
    const since = performance.now()
    const started = await start()
    endings.push(() => stop(started))
    options.say(`  ${what.padEnd(46)} ${((performance.now() - since) / 1_000).toFixed(1)} s`)
    return started
  }
  const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>()
  const onSignal = (signal: NodeJS.Signals): void => interrupt(new Error(`ended by ${signal}`))
  interrupted.catch(() => undefined)
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal)
  const services = Array.from({ length: options.services }, (_, index) => `s${index}`)
  try {
    // Not under a folder that only its owner may enter: Postgres runs as another user.
    const folder = join(root, ".ecs-mesh", `bench-${process.pid}`)
    await mkdir(folder, { recursive: true })
    endings.push(() => rm(folder, { recursive: true, force: true }))
    const workDir = join(folder, "control-plane")
    const [dataplaneServer, api, diagnostics] = [await freePort(), await freePort(), await freePort()]
    const emulator = await part(
      "AWS, emulated",
      () => startMinistack({ logFile: join(folder, "aws.log") }),
      ({ stop }) => stop()
    )
    const tap = await part("tap", () => openAwsTap(emulator.endpoint), ({ stop }) => stop())
    const sts = await part("STS", () => startStsJsonProxy({ emulator: tap.endpoint }), ({ stop }) => stop())
    const url = `https://127.0.0.1:${dataplaneServer}`
    const keys = await seed(emulator, services, { url, ca: join(workDir, "tls", "ca.crt") })
    const controlPlane = await part(
      "operator and control plane, on embedded Postgres",
      () =>
        startControlPlane({
          logFile: join(folder, "control-plane.log"),
          environment: {
            PATH: process.env["PATH"],
            HOME: process.env["HOME"],
            AWS_ACCESS_KEY_ID: keys.accessKeyId,
            AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
            AWS_REGION: emulator.region,
            AWS_ENDPOINT_URL: tap.endpoint,
            ECS_MESH_STS_ENDPOINT: sts.endpoint,
            KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: emulator.accountId,
            ECS_MESH_CLUSTERS: demoCluster,
            // All tasks share this machine: each binds an address of its own, and calls come from 127.0.0.1.
            ECS_MESH_OUTBOUND_ADDRESS: "task",
            ECS_MESH_CHECK_PEER_ADDRESS: "false",
            KUMA_GENERAL_WORK_DIR: workDir,
            ECS_MESH_DP_SERVER_ADDRESS: "127.0.0.1",
            KUMA_DP_SERVER_PORT: String(dataplaneServer),
            KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
            KUMA_API_SERVER_HTTP_PORT: String(api),
            ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS: "127.0.0.1",
            KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
            KUMA_API_SERVER_HTTPS_ENABLED: "false",
            ECS_MESH_DIAGNOSTICS_ADDRESS: "127.0.0.1",
            KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
            ...options.environment
          }
        }),
      (started) => started.stop(10_000)
    )
    await seedMesh(api)
    await part("event rules and their queue", () => untilEventsFlow(emulator, QUEUE), async () => {})
    const journal = new JournalIndex(join(workDir, "journal.jsonl"))
    endings.push(async () => journal.stop())
    const agent = await part(
      "ECS agent's stand-in",
      () =>
        EcsAgent.start({
          endpoint: emulator.endpoint,
          region: emulator.region,
          credentials: emulator.credentials,
          cluster: demoCluster,
          logFolder: join(folder, "tasks"),
          cwd: root,
          // A health check's second lasts a fifth, as in the demo.
          secondMillis: 200,
          check: checkReady,
          environment: {
            PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`,
            AWS_ENDPOINT_URL: emulator.endpoint
          }
        }),
      (started) => started.stop()
    )
    endings.push(async () => stopApps())
    const stopApps = hostApps(agent)
    const demo = new Demo(emulator)
    endings.push(async () => demo.close())
    await createServices(emulator, countsOf(services, options.tasks))
    const used = use({ folder, services, emulator, demo, agent, tap, journal, controlPlane })
    return await Promise.race([used, interrupted])
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal)
    for (const end of endings.toReversed()) await end().catch((error: unknown) => options.say(`  ending: ${error}`))
  }
}
