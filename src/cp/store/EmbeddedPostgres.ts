/**
 * The embedded store: a real Postgres that we start in the work dir, on a loopback port, and stop with our scope.
 *
 * If we are killed, the server lives on. Whoever starts next on the same work dir adopts it: first it takes an
 * advisory lock that a living owner would still hold, so that two operators never share (and one never stops)
 * a database under the other. If the server dies, it is started again on the same port.
 */
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, open, readFile, realpath } from "node:fs/promises"
import { dirname, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Effect, Schedule, type Scope } from "effect"
import { StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { OWNER_LOCK } from "./advisoryLocks.ts"
import { type DedicatedConnection, openConnection } from "./DedicatedConnection.ts"
import { freeLoopbackPort } from "./freeLoopbackPort.ts"
import { type ClusterFiles, clusterFiles, initCluster, serverEnvironment, SUPERUSER } from "./initCluster.ts"
import { type PostgresBinaries, postgresBinaries } from "./postgresBinaries.ts"
import { findPostmaster, stopPostmaster } from "./postmaster.ts"
import { unprivilegedUser, type UserIds } from "./unprivilegedUser.ts"

const START_TIMEOUT_MILLIS = 60_000
const MAX_CONNECTIONS = 100

interface Cluster {
  readonly files: ClusterFiles
  readonly binaries: PostgresBinaries
  readonly user: UserIds | null
}

/** A running server is recognised by its directory's path: a link must not make it look like another's. */
const filesIn = async (workDir: string): Promise<ClusterFiles> => clusterFiles(join(await realpath(workDir), "postgres"))

/** Ends the server that a killed owner left on the work dir, where there is one; its owner must be gone. */
export const endEmbeddedPostgres = async (workDir: string): Promise<void> => {
  if (existsSync(workDir)) await stopPostmaster((await filesIn(workDir)).data)
}

const prepare = async (workDir: string): Promise<Cluster> => {
  await mkdir(workDir, { recursive: true })
  const files = await filesIn(workDir)
  const binaries = await postgresBinaries()
  const user = await unprivilegedUser(files.data)
  await initCluster(dirname(files.home), files, binaries, user)
  return { files, binaries, user }
}

/** `detached`: a Ctrl-C at the terminal reaches us, who then stop the server in order, and not the server itself. */
const launch = async ({ binaries, files, user }: Cluster, port: number): Promise<{ readonly ended: () => boolean }> => {
  const log = await open(files.log, "w", 0o600)
  try {
    const settings = [
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      `max_connections=${MAX_CONNECTIONS}`,
      "shared_buffers=32MB",
      "log_checkpoints=off"
    ]
    const child = spawn(
      binaries.postgres,
      ["-D", files.data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])],
      { ...user, env: serverEnvironment(), cwd: "/", detached: true, stdio: ["ignore", log.fd, log.fd] }
    )
    let ended = false
    child.on("exit", () => ended = true)
    child.on("error", () => ended = true)
    child.unref()
    return { ended: () => ended }
  } finally {
    await log.close()
  }
}

const lastWords = async (files: ClusterFiles): Promise<string> => {
  const text = await readFile(files.log, "utf8").catch(() => "")
  return text.trim().split("\n").slice(-4).join(" | ")
}

interface Running {
  readonly port: number
  /** It was started here, rather than found. */
  readonly launched: boolean
}

/** A server that answers: the one that runs already, else one that this starts. */
const ensureRunning = async (cluster: Cluster, wantedPort: number | null): Promise<Running> => {
  const deadline = Date.now() + START_TIMEOUT_MILLIS
  let attempts = 0
  let ended = (): boolean => true
  while (Date.now() < deadline) {
    const running = await findPostmaster(cluster.files.data)
    if (running?.status === "ready") return { port: running.port, launched: attempts > 0 }
    // One that starts will be ready, one that stops will be gone; both soon.
    if (running === null && ended()) {
      if (attempts === 5) break
      if (attempts > 0) await delay(200 * attempts)
      attempts++
      ended = (await launch(cluster, wantedPort ?? await freeLoopbackPort())).ended
    }
    await delay(10)
  }
  const { files } = cluster
  throw new Error(`the embedded database doesn't start; the end of ${files.log}: ${await lastWords(files)}`)
}

const failed = (operation: string) => (cause: unknown): StoreUnavailable =>
  new StoreUnavailable({ operation, message: cause instanceof Error ? cause.message : String(cause) })

/** A killed predecessor's connection may take the server a moment to notice. */
const takeOwnership = (connection: DedicatedConnection, workDir: string) =>
  connection.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [OWNER_LOCK]).pipe(
    Effect.flatMap(([row]) =>
      row?.taken === true ? Effect.void : new StoreUnavailable({
        operation: "start the embedded database",
        message: `another ecs-mesh is running on the work dir ${workDir}: ` +
          "stop it, or set KUMA_GENERAL_WORK_DIR to another"
      })
    ),
    Effect.retry({ times: 20, schedule: Schedule.spaced("100 millis") })
  )

/** Running when this returns, until the scope ends. */
export const embeddedStoreConfig = Effect.fn("embeddedStoreConfig")(function*(
  workDir: string
): Effect.fn.Return<StoreConfig, StoreUnavailable, Scope.Scope> {
  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: failed("start the embedded database") })
  const cluster = yield* attempt(() => prepare(workDir))
  const password = (yield* attempt(() => readFile(cluster.files.password, "utf8"))).trim()
  const configAt = (port: number): StoreConfig => ({
    type: "embedded",
    host: "127.0.0.1",
    port,
    user: SUPERUSER,
    password,
    dbName: "postgres",
    tls: { mode: "disable", caPath: null, certPath: null, keyPath: null },
    maxOpenConnections: 20,
    connectionTimeoutMillis: 5_000
  })

  const stop = Effect.promise(() => stopPostmaster(cluster.files.data))
  /** Starts or adopts the server, and owns it for as long as the returned connection stands. */
  const own = Effect.fnUntraced(function*(wantedPort: number | null) {
    const { launched, port } = yield* attempt(() => ensureRunning(cluster, wantedPort))
    const ownership = yield* openConnection(configAt(port), "owner").pipe(
      Effect.tapError(() => launched ? stop : Effect.void)
    )
    yield* takeOwnership(ownership, workDir)
    return { port, ownership }
  })
  const keep = Effect.fnUntraced(function*(port: number, first: DedicatedConnection) {
    yield* Effect.exit(first.lost)
    while (true) {
      yield* Effect.logWarning("the embedded database is gone: starting it again")
      yield* Effect.scoped(
        Effect.flatMap(own(port), ({ ownership }) => Effect.exit(ownership.lost))
      ).pipe(
        Effect.tapError((error) => Effect.logError(error.message)),
        Effect.retry(Schedule.spaced("2 seconds"))
      )
    }
  })

  // Finalizers run last first: the server is stopped while it is still owned. An interruption waits for the start,
  // so that no server is left that nobody would stop.
  const { ownership, port } = yield* Effect.uninterruptible(
    Effect.tap(own(null), () => Effect.addFinalizer(() => stop))
  )
  yield* Effect.forkScoped(keep(port, ownership))
  return configAt(port)
})
