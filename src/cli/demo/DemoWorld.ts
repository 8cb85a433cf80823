/**
 * Everything the demo runs on this machine, started in order and ended with the scope: an emulated AWS, the seeded
 * cluster, the operator with its control plane as a process of its own, the stand-in of the ECS agent, a load balancer.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema, type Scope } from "effect"
import { EcsAgent } from "../../../localstack/agent/EcsAgent.ts"
import type { Demo } from "../../../localstack/demo/Demo.ts"
import { LoadBalancer } from "../../../localstack/demo/LoadBalancer.ts"
import { createServices, seedDemo } from "../../../localstack/demo/seedDemo.ts"
import { untilEventsFlow } from "../../../localstack/demo/untilEventsFlow.ts"
import type { RunningProcess } from "../../../localstack/process/startProcess.ts"
import type { Emulator } from "../../../localstack/ministack/startMinistack.ts"
import { type StartedEmulator, startEmulator } from "../../../localstack/startEmulator.ts"
import { startStsJsonProxy } from "../../../localstack/StsJsonProxy.ts"
import { toolPaths } from "../../../localstack/tools.ts"
import { endEmbeddedPostgres } from "../../cp/store/EmbeddedPostgres.ts"
import { type DemoPorts, demoPorts, freePorts } from "./demoPorts.ts"
import { JOURNALS, journalOf, keepJournal } from "./keepJournal.ts"
import { keepTargets } from "./keepTargets.ts"
import { startControlPlane } from "./startControlPlane.ts"
import { timed } from "./timed.ts"

/** The demo can't go on; the message says what to do. */
export class DemoFailed extends Schema.TaggedError<DemoFailed>()("DemoFailed", { message: Schema.String }) {}

export interface DemoWorld {
  readonly folder: string
  readonly emulator: StartedEmulator
  readonly demo: Demo
  readonly agent: EcsAgent
  readonly balancer: LoadBalancer
  readonly ports: DemoPorts
  readonly journal: string
  readonly taskLogs: string
  /** The operator's whole environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The operator's process as it is now. */
  readonly controlPlane: () => RunningProcess
  /** The replicas beside it. */
  readonly replicas: ReadonlyArray<RunningProcess>
  /** Kills the operator as a crash would, and starts another on the same state; `more` of its environment is other. */
  readonly restartControlPlane: (more?: Readonly<Record<string, string>>) => Promise<void>
}

/** The operator's own default for the zone `default`. */
const QUEUE = "ecs-mesh-default"

const root = join(import.meta.dirname, "..", "..", "..")

const attempt = <A>(what: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (error) => new DemoFailed({ message: `${what}: ${error instanceof Error ? error.message : String(error)}` })
  })

/** Starts one part, says so with the time it took, and ends it with the scope. */
const part = <A>(
  what: string,
  start: () => Promise<A>,
  stop: (started: A) => Promise<unknown>,
  log: (line: string) => void
): Effect.Effect<A, DemoFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const since = performance.now()
      return attempt(what, start).pipe(
        Effect.tap(() =>
          Effect.sync(() => log(timed(what, performance.now() - since)))
        )
      )
    }),
    (started) => Effect.promise(() => stop(started).catch(() => undefined))
  )

/** As a container where an engine answers; where that fails, as a process like everywhere else. */
const startAws = async (logFile: string, log: (line: string) => void): Promise<StartedEmulator> => {
  try {
    return await startEmulator({ logFile })
  } catch (error) {
    log(`  a container engine answers, but can't run the emulator (${error instanceof Error ? error.message : error}):`)
    log("  running it as a local process instead")
    return startEmulator({ run: "process", logFile })
  }
}

const workDirOf = (folder: string): string => join(folder, "control-plane")

/** A run that was killed may have left its database running, and a journal that nobody kept. */
const empty = async (folder: string): Promise<void> => {
  mkdirSync(folder, { recursive: true })
  // Where we're root, the database runs as another user, who must be able to come in.
  if (process.getuid?.() === 0) chmodSync(folder, 0o755)
  await endEmbeddedPostgres(workDirOf(folder))
  keepJournal(folder)
  for (const name of readdirSync(folder)) {
    if (name !== JOURNALS) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

export interface DemoWorldOptions {
  /** Where everything is kept; emptied first, except for earlier runs' journals. */
  readonly folder: string
  readonly log: (line: string) => void
  /** False takes whatever ports are free, so that several worlds that start together don't take each other's. */
  readonly usualPorts?: boolean
  /** More of the operator's environment, where the emulated AWS is known, and its STS that answers in JSON. */
  readonly environment?: (emulator: Emulator, stsEndpoint: string) => Readonly<Record<string, string>>
  /** More of the environment of kv's app. */
  readonly kvEnvironment?: Readonly<Record<string, string>>
  /** How long the tasks have to end with the scope; as long as the agent gives them where absent. */
  readonly taskGraceMillis?: number
  /** What each replica beyond the first has otherwise in its environment. */
  readonly replicas?: ReadonlyArray<Readonly<Record<string, string>>>
  /** What sidecars dial and whom they trust there; the operator itself by its generated CA where absent. */
  readonly sidecarsDial?: { readonly url: string; readonly caCertFile: string }
}

export const startDemoWorld = Effect.fn("startDemoWorld")(function*({ folder, log, ...options }: DemoWorldOptions) {
  const workDir = workDirOf(folder)
  const taskLogs = join(folder, "tasks")
  yield* attempt("what an earlier run left", () => empty(folder))
  mkdirSync(taskLogs, { recursive: true })
  const tools = toolPaths()

  const ports = yield* attempt("no free ports", () => options.usualPorts === false ? freePorts() : demoPorts(log))

  const emulator = yield* part(
    "AWS, emulated (MiniStack, verifies signatures)",
    () => startAws(join(folder, "aws.log"), log),
    ({ stop }) => stop(),
    log
  )
  const sts = yield* part(
    "STS in JSON, as AWS answers",
    () => startStsJsonProxy({ emulator: emulator.endpoint }),
    ({ stop }) => stop(),
    log
  )
  const { demo, operatorCredentials } = yield* part(
    "cluster, roles, task definitions",
    () =>
      seedDemo({
        emulator,
        controlPlaneUrl: options.sidecarsDial?.url ?? `https://127.0.0.1:${ports.dataplaneServer}`,
        controlPlaneCaCertFile: options.sidecarsDial?.caCertFile ?? join(workDir, "tls", "ca.crt"),
        envoy: tools.envoy,
        kvEnvironment: options.kvEnvironment ?? {}
      }),
    async (seeded) => seeded.demo.close(),
    log
  )

  const environment = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    AWS_ACCESS_KEY_ID: operatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operatorCredentials.secretAccessKey,
    AWS_REGION: emulator.region,
    AWS_ENDPOINT_URL: emulator.endpoint,
    ECS_MESH_STS_ENDPOINT: sts.endpoint,
    KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: emulator.accountId,
    ECS_MESH_CLUSTERS: demo.cluster,
    // All tasks share this machine: each binds an address of its own, and calls come from 127.0.0.1.
    ECS_MESH_OUTBOUND_ADDRESS: "task",
    ECS_MESH_CHECK_PEER_ADDRESS: "false",
    ECS_MESH_ACCESS_LOG: "/dev/stdout",
    ECS_MESH_RESYNC_INTERVAL: "10s",
    KUMA_GENERAL_WORK_DIR: workDir,
    ECS_MESH_BIND_ADDRESS: "127.0.0.1",
    KUMA_DP_SERVER_PORT: String(ports.dataplaneServer),
    KUMA_API_SERVER_HTTP_PORT: String(ports.api),
    KUMA_API_SERVER_HTTPS_ENABLED: "false",
    KUMA_DIAGNOSTICS_SERVER_PORT: String(ports.diagnostics),
    KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(ports.monitoring),
    ...options.environment?.(emulator, sts.endpoint)
  }
  const serve = (more: Readonly<Record<string, string>> = {}) =>
    startControlPlane({ environment: { ...environment, ...more }, logFile: join(folder, "control-plane.log") })
  const holder = yield* part(
    "operator and control plane, on embedded Postgres",
    async () => ({ current: await serve() }),
    async ({ current }) => {
      await current.stop(10_000)
      await endEmbeddedPostgres(workDir)
    },
    log
  )
  const replicas = yield* Effect.forEach([...(options.replicas ?? []).entries()], ([index, own]) =>
    part(
      `replica ${index + 2}`,
      () =>
        startControlPlane({
          environment: { ...environment, ...own },
          logFile: join(folder, `control-plane-${index + 2}.log`)
        }),
      (replica) => replica.stop(10_000),
      log
    ))
  yield* attempt("the demo's mesh", () => seedMesh(ports.api))
  yield* part("event rules and their queue", () => untilEventsFlow(emulator, QUEUE), async () => {}, log)

  const agent = yield* part(
    "ECS agent's stand-in",
    () =>
      EcsAgent.start({
        endpoint: emulator.endpoint,
        region: emulator.region,
        credentials: emulator.credentials,
        cluster: demo.cluster,
        logFolder: taskLogs,
        cwd: root,
        // A health check's second lasts a fifth, or the demo would wait for its intervals.
        secondMillis: 200,
        environment: {
          PATH: `${join(root, "node_modules", ".bin")}:${process.env["PATH"] ?? ""}`,
          AWS_ENDPOINT_URL: emulator.endpoint
        }
      }),
    (started) => started.stop(options.taskGraceMillis),
    log
  )
  yield* part("two services, three tasks", () => createServices(emulator), async () => {}, log)
  const balancer = yield* part(
    "load balancer's stand-in",
    () => LoadBalancer.start({ host: "127.0.0.1", port: ports.loadBalancer }),
    (started) => started.close(),
    log
  )
  yield* Effect.acquireRelease(
    Effect.sync(() => keepTargets(agent, balancer)),
    (stop) => Effect.sync(stop)
  )

  const world: DemoWorld = {
    folder,
    emulator,
    demo,
    agent,
    balancer,
    ports,
    journal: journalOf(folder),
    taskLogs,
    environment,
    controlPlane: () => holder.current,
    replicas,
    restartControlPlane: async (more) => {
      holder.current.signal("SIGKILL")
      await holder.current.exited
      holder.current = await serve(more)
    }
  }
  return world
})

/** Mutual TLS everywhere, and everybody may call everybody, until the user says otherwise. */
const seedMesh = async (api: number): Promise<void> => {
  const put = async (path: string, body: unknown): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${api}${path}`, {
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
  await put("/meshes/default/meshtrafficpermissions/allow-all", allowAll)
}

export const allowAll = {
  type: "MeshTrafficPermission",
  mesh: "default",
  name: "allow-all",
  spec: { targetRef: { kind: "Mesh" }, from: [{ targetRef: { kind: "Mesh" }, default: { action: "Allow" } }] }
}
