/**
 * The sidecar: a task's role becomes a token, the token a bootstrap, the bootstrap an Envoy that is watched until the
 * task stops. Receives the environment and flags; produces an exit code. It holds no configuration of the mesh, decides
 * nothing about traffic, and keeps Envoy running when the control plane is away.
 * Plain TypeScript, by measurement: docs/decisions/007-sidecar-runtime.md.
 */
import { readFileSync } from "node:fs"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bootstrapRequest } from "./bootstrapRequest.ts"
import { ControlPlaneClient } from "./ControlPlaneClient.ts"
import { envoyVersion } from "./Envoy.ts"
import { identify } from "./identify.ts"
import { LineCarrier } from "./LineCarrier.ts"
import { type Log, makeLog } from "./Log.ts"
import { readConfig } from "./readConfig.ts"
import { Readiness } from "./Readiness.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"
import { type EnvoyEnd, superviseEnvoy } from "./superviseEnvoy.ts"
import { makeTokenSource } from "./TokenSource.ts"
import { usage } from "./usage.ts"
import { version } from "./version.ts"

export type Environment = Readonly<Record<string, string | undefined>>

/** Time between two restarts of Envoy at the least: a control plane whose answers alternate must not stop traffic. */
const RESTART_MILLIS = 300_000

interface Stop {
  readonly stopping: AbortSignal
  readonly hasten: AbortSignal
  readonly release: () => void
}

/** The first SIGTERM or SIGINT asks for an orderly end, the second hastens it. */
const listenForSignals = (readiness: Readiness, log: Log): Stop => {
  const stopping = new AbortController()
  const hasten = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => {
    readiness.end("TERMINATING")
    log.info(stopping.signal.aborted ? "told again to stop: without waiting" : "told to stop", { signal: name })
    if (stopping.signal.aborted) hasten.abort()
    else stopping.abort()
  }
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal)
  const release = (): void => {
    process.off("SIGTERM", onSignal).off("SIGINT", onSignal)
  }
  return { stopping: stopping.signal, hasten: hasten.signal, release }
}

const openReadiness = async (readiness: Readiness, config: SidecarConfig): Promise<void> => {
  try {
    await readiness.listen(config.readiness)
  } catch (error) {
    const { address, port } = config.readiness
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`/ready can't be served on ${address}:${port}: set KUMA_READINESS_PORT or ECS_MESH_BIND_ADDRESS (${reason})`)
  }
}

/** Runs it in its work dir; the exit code says whether ECS should count it as failed. */
const run = async (
  config: SidecarConfig,
  env: Environment,
  workDir: string,
  readiness: Readiness,
  { stopping, hasten }: Stop,
  log: Log
): Promise<number> => {
  const startedAt = Math.round(Date.now() - process.uptime() * 1_000)
  const [self, envoy] = await Promise.all([identify(config, log, stopping), envoyVersion(config.envoy.binary)])
  if (self === null) return 0
  log.info("this proxy", {
    name: self.name,
    mesh: config.proxy.mesh,
    type: config.proxy.proxyType,
    auth: config.auth.type,
    controlPlane: config.controlPlane.url.host,
    envoy: envoy.version,
    version
  })
  const tokens = makeTokenSource({ config, self, workDir, env, log })
  const carrier = new LineCarrier(log)
  const makeBody = async (): Promise<string> =>
    JSON.stringify(
      bootstrapRequest({
        config, name: self.name, workDir, envoy, version, token: await tokens.current(), lineKey: carrier.key
      })
    )
  const client = new ControlPlaneClient(config.controlPlane, makeBody, log)
  const outcome = await client.obtain(stopping)
  if (outcome === null) return 0
  if (outcome.kind !== "bootstrap") {
    log.error(
      outcome.kind === "invalid"
        ? "giving up: the same request would fail again"
        : "giving up: KUMA_CONTROL_PLANE_RETRY_MAX_DURATION is over",
      { controlPlane: client.address }
    )
    return 1
  }
  const over = new AbortController()
  void tokens.keepFresh(over.signal)
  try {
    let end: EnvoyEnd = { kind: "replaced", bootstrap: outcome.yaml }
    let mayReplaceAt = 0
    while (end.kind === "replaced") {
      const { bootstrap } = end
      end = await superviseEnvoy({
        config, workDir, bootstrap, client, readiness, carrier, log, stopping, hasten, startedAt, mayReplaceAt
      })
      mayReplaceAt = Date.now() + RESTART_MILLIS
    }
    if (end.kind === "stopped") return 0
    readiness.end("DEAD")
    log.error("Envoy ended on its own, so this task can't serve: the sidecar ends too", { reason: end.reason })
    return 1
  } finally {
    over.abort()
    await carrier.close()
  }
}

/** The whole life of a sidecar. Resolves when it and its Envoy have ended: 0 after an orderly stop, otherwise 1. */
export const runSidecar = async (env: Environment, args: ReadonlyArray<string>): Promise<number> => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${usage}\n`)
    return 0
  }
  const log = makeLog((line) => process.stdout.write(line))
  const result = readConfig(env, args, (path) => readFileSync(path, "utf8"))
  if ("problems" in result) {
    for (const problem of result.problems) log.error(problem)
    return 1
  }
  const { config, ignored } = result
  if (ignored.length > 0) log.info("flags without effect here: the operator sees to it", { flags: ignored.join(",") })
  if (config.controlPlane.tlsSkipVerify) {
    log.warn("the control plane's certificate isn't verified: whoever answers in its place gets this task's token")
  }
  const readiness = new Readiness()
  const stop = listenForSignals(readiness, log)
  let temporary: string | null = null
  try {
    await openReadiness(readiness, config)
    if (config.workDir === null) temporary = await mkdtemp(join(tmpdir(), "ecs-mesh-"))
    else await mkdir(config.workDir, { recursive: true, mode: 0o700 })
    return await run(config, env, temporary ?? config.workDir ?? "", readiness, stop, log)
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error))
    return 1
  } finally {
    stop.release()
    readiness.close()
    if (temporary !== null) await rm(temporary, { recursive: true, force: true })
  }
}
