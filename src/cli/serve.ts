/**
 * `ecs-mesh serve`: composition only. Configuration -> store -> cache -> authority, authentication, servers, and beside
 * them the operator on whichever replica leads.
 */
import { randomUUID, X509Certificate } from "node:crypto"
import { hostname } from "node:os"
import { Clock, Effect, Layer, Schedule, Schema } from "effect"
import packageJson from "../../package.json" with { type: "json" }
import { CallBudgets } from "../controllers/aws/CallBudgets.ts"
import type { MayHave } from "../controllers/names/adoptNames.ts"
import { keepNamesInAws, placesIn } from "../controllers/names/keepNamesInAws.ts"
import { generatorWarnings } from "../controllers/names/generatorWarnings.ts"
import { tellUnkept } from "../controllers/names/tellUnkept.ts"
import { operate } from "../controllers/Operator.ts"
import { TokenController } from "../controllers/token/TokenController.ts"
import { adminKeysLive } from "../cp/admin/ensureAdminKeys.ts"
import { envoyAdminLive } from "../cp/admin/EnvoyAdmin.ts"
import { ApiServer, apiServer } from "../cp/api/ApiServer.ts"
import { ensureDefaults } from "../cp/api/ensureDefaults.ts"
import { authenticatorLayer } from "../cp/auth/authenticatorLayer.ts"
import { TokenIssuerLive } from "../cp/auth/token/TokenIssuerLive.ts"
import { CertificateAuthorityLive } from "../cp/ca/CertificateAuthorityLive.ts"
import { CaFolder } from "../cp/ca/readCaFile.ts"
import type { ControlPlaneConfig, StoreConfig } from "../cp/config/ControlPlaneConfig.ts"
import { Environment } from "../cp/config/Environment.ts"
import { configProblems, fromEnvironment, type Variables } from "../cp/config/fromEnvironment.ts"
import { readLog } from "../cp/config/readLog.ts"
import { showConfig } from "../cp/config/showConfig.ts"
import { Diagnostics } from "../cp/diagnostics/Diagnostics.ts"
import { monitoringServer, MonitoringServer } from "../cp/mads/MonitoringServer.ts"
import { DataplaneServer } from "../cp/server/DataplaneServer.ts"
import { dataplaneLayer } from "../cp/server/dataplaneLayer.ts"
import { keepPoolsSmall } from "../cp/server/keepPoolsSmall.ts"
import { inspectorLive } from "../cp/inspect/inspectorLive.ts"
import { ResourceCache } from "../cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../cp/snapshot/ResourceCacheLive.ts"
import { mayBeGiven } from "../cp/services/AddressRange.ts"
import { ensureHostnameGenerators } from "../cp/services/ensureHostnameGenerators.ts"
import { keepServices } from "../cp/services/keepServices.ts"
import { StatusReader } from "../cp/services/StatusReader.ts"
import { ClusterId } from "../cp/store/ClusterId.ts"
import { embeddedStoreConfig } from "../cp/store/EmbeddedPostgres.ts"
import { LeaderElection } from "../cp/store/LeaderElection.ts"
import { measuredStore } from "../cp/store/measuredStore.ts"
import { PostgresStore } from "../cp/store/PostgresStore.ts"
import { ControlPlaneTls } from "../cp/tls/ControlPlaneTls.ts"
import {
  API_SERVER as API_TLS, configuredTls, MONITORING_SERVER as MONITORING_TLS, type TlsVariables
} from "../cp/tls/configuredTls.ts"
import { ControlPlaneTlsLive } from "../cp/tls/ControlPlaneTlsLive.ts"
import { exportTraces } from "../cp/tracing/exportTraces.ts"
import { tracedJournal } from "../cp/tracing/tracedJournal.ts"
import { caAudience } from "../model/bindingValue.ts"
import type { KeptIn } from "../model/services/contestHostnames.ts"
import { iamShare } from "./iamShare.ts"
import { programLog } from "./programLog.ts"
import { noteLeading, serveJournal } from "./serveJournal.ts"
import { tokenKeeping } from "./tokenKeeping.ts"
import { warnUnused } from "./warnUnused.ts"

/** It can't serve; the message says why and what to change. */
export class ServeFailed extends Schema.TaggedError<ServeFailed>()("ServeFailed", { message: Schema.String }) {}

export interface ServeOptions {
  /** False: the control plane alone. */
  readonly aws: boolean
  readonly variables: Variables
}

const CACHE = "resource cache"
const DATAPLANE_SERVER = "data plane server"
const API_SERVER = "API server"
const MONITORING_SERVER = "monitoring assignment server"

const storeConfig = (config: ControlPlaneConfig) =>
  config.store.type === "embedded" ? embeddedStoreConfig(config.workDir) : Effect.succeed(config.store)

const operator = Effect.fnUntraced(function*({ aws, dpServer, tokenSecrets, zone }: ControlPlaneConfig) {
  if (aws === null) return
  const dataplanesBringOwn = dpServer.authn.dpProxyType === "dpToken"
  const tokens = tokenSecrets === null
    ? TokenController.none
    : tokenKeeping(tokenSecrets, aws).pipe(Layer.provide(TokenIssuerLive))
  return yield* operate({ zone, aws, dataplanesBringOwn }, tokens, Layer.succeed(CallBudgets, yield* CallBudgets))
})

const mayHave = ({ ranges }: ControlPlaneConfig["services"]): MayHave => (kind, address) =>
  mayBeGiven(ranges[kind], address)

const placesOfNames = ({ hostnames, zone }: Pick<ControlPlaneConfig, "hostnames" | "zone">) =>
  hostnames === null ? null : placesIn(zone, hostnames)

/** Runs what must run once on the leading replica, for as long as the scope lasts. */
const leader = (config: ControlPlaneConfig, store: StoreConfig, instanceId: string) => {
  const { hostnames, services, zone } = config
  const work = Effect.all([
    operator(config),
    Effect.scoped(keepServices(zone, services)),
    hostnames === null
      ? tellUnkept
      : Effect.flatMap(ClusterId, ({ id: cluster }) =>
        keepNamesInAws({ zone, cluster, mayHave: mayHave(services) }, hostnames))
  ], { concurrency: "unbounded", discard: true })
  return Layer.effectDiscard(
    Effect.gen(function*() {
      const election = yield* LeaderElection
      yield* Effect.forkScoped(
        election.runWhileLeader(work.pipe(noteLeading(instanceId))).pipe(
          Effect.tapCause((cause) => Effect.logError("What the leader runs failed; it starts again", cause)),
          Effect.sandbox,
          Effect.retry(Schedule.spaced("1 second"))
        )
      )
    })
  ).pipe(Layer.provide(LeaderElection.layer(store)))
}

/** A server's own certificate, or null where it has none. */
const ownTls = (files: ControlPlaneConfig["apiServerTls"], variables: TlsVariables) =>
  files === null
    ? Effect.succeed(null)
    : Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Effect.tryPromise({
        try: () => configuredTls({ ...files, caFile: null }, now, variables),
        catch: (cause) => new ServeFailed({ message: cause instanceof Error ? cause.message : String(cause) })
      }))

/**
 * What sidecars bind their tokens to. They take the fingerprint of the CA that they were given, so this control plane
 * must know that CA: of a certificate that isn't self-signed, nobody but its user can say which it is.
 */
const audienceOf = ({ aws, dpServer, tls }: ControlPlaneConfig, caPem: string) => {
  if (dpServer.authn.audience !== null) return Effect.succeed(dpServer.authn.audience)
  const ca = new X509Certificate(caPem)
  return aws !== null && tls.certFile !== null && tls.caFile === null && !ca.checkIssued(ca)
    ? Effect.fail(
      new ServeFailed({
        message: "KUMA_GENERAL_TLS_CERT_FILE isn't self-signed: set ECS_MESH_TLS_CA_FILE to the CA that sidecars are given " +
          "as KUMA_CONTROL_PLANE_CA_CERT, or ECS_MESH_AUDIENCE to the same name here and for the sidecars"
      })
    )
    : Effect.succeed(caAudience(caPem))
}

const servers = (config: ControlPlaneConfig, instanceId: string) =>
  Layer.unwrap(
    Effect.gen(function*() {
      const tls = yield* ControlPlaneTls
      const apiTls = (yield* ownTls(config.apiServerTls, API_TLS)) ?? tls
      const monitoringTls = (yield* ownTls(config.monitoring.tls?.files ?? null, MONITORING_TLS)) ?? tls
      const audience = yield* audienceOf(config, tls.caPem)
      const { id: clusterId } = yield* ClusterId
      const authentication = authenticatorLayer({
        auth: config.dpServer.authn,
        aws: config.aws,
        zone: config.zone,
        audience
      }).pipe(Layer.provide(iamShare))
      const dataplane = dataplaneLayer({ config, instanceId }).pipe(
        Layer.provide(authentication),
        Layer.provide(CertificateAuthorityLive)
      )
      const api = apiServer({
        config: config.apiServer,
        identity: { zone: config.zone, version: packageJson.version, instanceId, clusterId },
        shownConfig: showConfig(config),
        warnGenerator: generatorWarnings(placesOfNames(config)),
        tls: apiTls
      }).pipe(
        Layer.provide(inspectorLive({ instanceId, adminPort: config.bootstrap.adminPort })),
        Layer.provide(envoyAdminLive),
        Layer.provide(dataplane)
      )
      return Layer.mergeAll(
        Diagnostics.readyWith(DATAPLANE_SERVER, DataplaneServer),
        Diagnostics.readyWith(API_SERVER, ApiServer),
        Diagnostics.readyWith(MONITORING_SERVER, MonitoringServer)
      ).pipe(Layer.provide(Layer.mergeAll(dataplane, api, monitoringServer(config.monitoring, monitoringTls))))
    })
  )

const generators = ({ services }: ControlPlaneConfig) =>
  services.makesGenerators ? ensureHostnameGenerators() : Effect.void

/** What services are told of their hostnames is what the leader keeps. */
const keptIn = ({ hostnames, zone }: ControlPlaneConfig): KeptIn => {
  const placesOf = placesOfNames({ hostnames, zone })
  return (generator) => placesOf?.(generator).places ?? []
}

const controlPlane = (config: ControlPlaneConfig, instanceId: string) =>
  Layer.unwrap(
    Effect.gen(function*() {
      const store = yield* storeConfig(config)
      const defaults = Layer.effectDiscard(Effect.andThen(ensureDefaults(config.apiServer.authn, config.zone), generators(config)))
      const cache = Diagnostics.readyWith(CACHE, ResourceCache).pipe(
        Layer.provideMerge(ResourceCacheLive),
        Layer.provide(defaults)
      )
      const statuses = StatusReader.layer({
        zone: config.zone,
        ranges: config.services.ranges,
        keptIn: keptIn(config)
      })
      const proxies = servers(config, instanceId).pipe(Layer.provide(statuses), Layer.provide(adminKeysLive))
      return Layer.mergeAll(proxies, leader(config, store, instanceId)).pipe(
        Layer.provide(cache),
        Layer.provide(ClusterId.layer(store)),
        Layer.provide(measuredStore(PostgresStore.layer(store)))
      )
    })
  ).pipe(
    Layer.provide(ControlPlaneTlsLive.layer({ tls: config.tls, workDir: config.workDir, names: config.tls.names })),
    Layer.provide(Layer.succeed(CaFolder, config.caFilesDir)),
    Layer.provide(CallBudgets.layer(config.aws?.apiShare ?? 1)),
    Layer.provide(tracedJournal(serveJournal(config.workDir, instanceId))),
    Layer.provide(exportTraces(config.tracing, { version: packageJson.version, instanceId, zone: config.zone }))
  )

const serve = Effect.fn("serve")(function*({ aws, variables }: ServeOptions) {
  const read = fromEnvironment(variables, { aws })
  if (read._tag === "Problems") {
    return yield* new ServeFailed({ message: configProblems(read) })
  }
  const { config, unused } = read
  keepPoolsSmall()
  yield* Effect.logInfo("ecs-mesh starts").pipe(
    Effect.annotateLogs({
      version: packageJson.version,
      mode: aws ? "operator and control plane" : "control plane alone",
      zone: config.zone,
      store: config.store.type === "embedded" ? "embedded Postgres" : `Postgres at ${config.store.host}`,
      workDir: config.workDir
    })
  )
  yield* warnUnused(unused)
  const instanceId = `${hostname()}-${randomUUID().slice(0, 4)}`
  const diagnostics = Diagnostics.layer({
    listen: config.diagnostics,
    parts: [CACHE, DATAPLANE_SERVER, API_SERVER, MONITORING_SERVER],
    version: packageJson.version,
    instanceId
  })
  const ready = Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.logInfo("ecs-mesh is ready").pipe(Effect.annotateLogs({ diagnosticsPort: config.diagnostics.port })),
      () => Effect.logInfo("ecs-mesh stops")
    )
  )
  const running = ready.pipe(Layer.provide(controlPlane(config, instanceId)), Layer.provide(diagnostics))
  return yield* Layer.launch(running).pipe(
    Effect.mapError((error) => new ServeFailed({ message: error.message }))
  )
})

export const serveCommand = (options: ServeOptions) =>
  serve(options).pipe(Effect.provide(programLog(readLog(new Environment(options.variables)))))
