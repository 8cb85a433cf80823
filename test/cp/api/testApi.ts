/** A control plane's API on a real database, on a free loopback port. */
import { Context, Effect, Exit, Layer, Logger, Scope } from "effect"
import { EnvoyAdmin } from "../../../src/cp/admin/EnvoyAdmin.ts"
import { apiServer, ApiServer, type ApiServerOptions } from "../../../src/cp/api/ApiServer.ts"
import { ensureDefaults } from "../../../src/cp/api/ensureDefaults.ts"
import type { ApiServerConfig } from "../../../src/cp/config/ApiServerConfig.ts"
import { Environment } from "../../../src/cp/config/Environment.ts"
import { readApiServer } from "../../../src/cp/config/readApiServer.ts"
import { Inspector } from "../../../src/cp/inspect/Inspector.ts"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { Journal, JournalExport } from "../../../src/model/Journal.ts"
import { Store } from "../../../src/model/Store.ts"
import { inspectorOfStore } from "./inspectorOfStore.ts"

export interface TestApi {
  readonly url: string
  readonly httpsPort: number | null
  readonly config: ApiServerConfig
  /** Makes what is missing of what is there at start. */
  readonly defaults: () => Promise<void>
  readonly run: <A, E>(effect: Effect.Effect<A, E, Store>) => Promise<A>
  readonly stop: () => Promise<void>
}

export interface TestApiOptions {
  readonly localhostIsAdmin?: boolean
  readonly logger?: Logger.Logger<unknown, unknown>
  /** Besides what tests of loopback set. */
  readonly config?: Partial<ApiServerConfig>
  readonly shownConfig?: unknown
  readonly tls?: ApiServerOptions["tls"]
  readonly journal?: Layer.Layer<JournalExport>
  readonly warnGenerator?: ApiServerOptions["warnGenerator"]
  readonly untaken?: ApiServerOptions["untaken"]
  /** What the API tells the journal. */
  readonly told?: Layer.Layer<Journal>
  /** What is looked at, or what the store holds; nothing where absent. */
  readonly inspector?: Inspector | "store"
  /** Who asks proxies; nobody where absent. */
  readonly envoyAdmin?: EnvoyAdmin
  /** Stands between the API and the real store, to bring about what is rare. */
  readonly between?: (store: typeof Store.Service) => typeof Store.Service
}

const LOOPBACK = { enabled: true, address: "127.0.0.1", port: 0 }

/** What is set where nothing is, but on a free port of loopback. */
export const apiConfig = (
  { config = {}, localhostIsAdmin = true, tls = null }: TestApiOptions = {}
): ApiServerConfig => {
  const defaults = readApiServer(new Environment({}))
  return {
    ...defaults,
    http: LOOPBACK,
    https: { ...defaults.https, ...LOOPBACK, enabled: tls !== null },
    ...config,
    authn: { ...defaults.authn, localhostIsAdmin, ...config.authn }
  }
}

export const startApi = async (database: StoreConfig, options: TestApiOptions = {}): Promise<TestApi> => {
  const { between = (store) => store, shownConfig = {}, tls = null } = options
  const { inspector = null, journal = JournalExport.none, told = Journal.none } = options
  const config = apiConfig(options)
  const scope = Scope.makeUnsafe()
  const layer = apiServer({
    config,
    shownConfig,
    ...(options.warnGenerator === undefined ? {} : { warnGenerator: options.warnGenerator }),
    ...(options.untaken === undefined ? {} : { untaken: options.untaken }),
    identity: { zone: "zone-1", version: "0.0.0", instanceId: "instance-1", clusterId: "cluster-1" },
    tls
  }).pipe(
    Layer.provide(Layer.merge(journal, told)),
    Layer.provide(Layer.effect(Store, Effect.map(Store, between))),
    Layer.provide(inspector === "store" ? inspectorOfStore : Layer.succeed(Inspector, inspector)),
    Layer.provide(Layer.succeed(EnvoyAdmin, options.envoyAdmin ?? null)),
    Layer.provideMerge(PostgresStore.layer(database)),
    Layer.provide(Logger.layer(options.logger === undefined ? [] : [options.logger]))
  )
  const services = await Effect.runPromise(Layer.buildWithScope(layer, scope))
  const { httpPort, httpsPort } = Context.get(services, ApiServer)
  const run: TestApi["run"] = (effect) => Effect.runPromise(Effect.provide(effect, services))
  const defaults = () => run(ensureDefaults(config.authn, "zone-1"))
  await defaults()
  return {
    url: `http://127.0.0.1:${httpPort}`,
    httpsPort,
    config,
    defaults,
    run,
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export const request = async (url: string, init: RequestInit = {}): Promise<Answer> => {
  const response = await fetch(url, init)
  const text = await response.text()
  const isJson = response.headers.get("content-type") === "application/json"
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

export const put = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  request(url, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body)
  })
