import { Context, Effect, Layer, Logger, ManagedRuntime, Tracer } from "effect"
import type { AllowanceOptions } from "../../../src/cp/Allowance.ts"
import { AdminKeys } from "../../../src/cp/admin/AdminKeys.ts"
import { Authenticator } from "../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../src/cp/auth/authenticatorLayer.ts"
import { ensureSigningKey } from "../../../src/cp/auth/token/ensureSigningKey.ts"
import { issueDataplaneToken } from "../../../src/cp/auth/token/issueToken.ts"
import { dataplaneTokens, keySecret } from "../../../src/cp/auth/token/TokenScope.ts"
import { CertificateAuthorityLive } from "../../../src/cp/ca/CertificateAuthorityLive.ts"
import { generateKeyPem, readSigningKey } from "../../../src/cp/ca/keys.ts"
import { signLeaf, signRoot } from "../../../src/cp/ca/signCertificate.ts"
import type {
  AuthConfig,
  AwsConfig,
  ControlPlaneConfig,
  ProxyAuthType,
  StoreConfig
} from "../../../src/cp/config/ControlPlaneConfig.ts"
import { fromEnvironment } from "../../../src/cp/config/fromEnvironment.ts"
import { Insights } from "../../../src/cp/insight/Insights.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { dataplaneLayer } from "../../../src/cp/server/dataplaneLayer.ts"
import { DataplaneServer } from "../../../src/cp/server/DataplaneServer.ts"
import { ProxySnapshots } from "../../../src/cp/server/ProxySnapshots.ts"
import { WORK, WorkOfEach } from "../../../src/cp/server/work.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { ResourceCacheLive } from "../../../src/cp/snapshot/ResourceCacheLive.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import { ControlPlaneTls } from "../../../src/cp/tls/ControlPlaneTls.ts"
import { Journal, type JournalEntry } from "../../../src/model/Journal.ts"
import type { DesiredResource, Resource, ResourceKey, ResourceType } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"

export interface Tls {
  readonly certificatePem: string
  readonly privateKeyPem: string
  readonly caPem: string
}

/** A CA and a server certificate for loopback. */
export const loopbackTls = async (): Promise<Tls> => {
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 }
  const [caKey, privateKeyPem] = [await generateKeyPem(), await generateKeyPem()]
  const caPem = await signRoot(caKey, "CN=test", [], validity)
  const issuer = { certificate: caPem, signingKey: await readSigningKey(caKey) }
  const names = [{ type: "ip", value: "127.0.0.1" }, { type: "dns", value: "localhost" }] as const
  return { caPem, privateKeyPem, certificatePem: await signLeaf(issuer, privateKeyPem, [...names], ["server"], validity) }
}

export interface ControlPlane {
  readonly port: number
  readonly journal: ReadonlyArray<JournalEntry>
  readonly put: <T extends ResourceType>(resource: DesiredResource<T>) => Promise<Resource<T>>
  readonly remove: (key: ResourceKey) => Promise<void>
  readonly get: <T extends ResourceType>(key: ResourceKey<T>) => Promise<Resource<T> | null>
  readonly services: Context.Context<AdsServer | Authenticator | Insights | ProxySnapshots | ResourceCache | Store>
  /** Signs a dataplane token for one name, or any. */
  readonly token: (name?: string, tags?: Readonly<Record<string, ReadonlyArray<string>>>) => Promise<string>
  readonly stop: () => Promise<void>
}

export interface ControlPlaneOptions {
  readonly store: StoreConfig
  readonly tls: Tls
  readonly auth?: ProxyAuthType
  readonly reloadableTokens?: boolean
  readonly port?: number
  readonly instanceId?: string
  readonly connectionIdleMillis?: number
  readonly xds?: Partial<ControlPlaneConfig["xds"]>
  readonly bootstrap?: Partial<ControlPlaneConfig["bootstrap"]>
  /** Proxies prove themselves by their role instead: over this AWS, for this audience. */
  readonly iam?: { readonly auth: AuthConfig; readonly aws: AwsConfig; readonly audience: string }
  readonly zoneAuth?: ProxyAuthType
  /** By which proxies can be asked; they can't where absent. */
  readonly adminKeys?: AdminKeys
  /** None where absent. */
  readonly loggers?: ReadonlyArray<Logger.Logger<unknown, unknown>>
  readonly tracer?: Tracer.Tracer
  /** What each proxy may cost; as much as by default where absent. */
  readonly work?: AllowanceOptions
}

/** The real parts of a control plane without an operator, from the store to the port. */
export const startControlPlane = async (options: ControlPlaneOptions): Promise<ControlPlane> => {
  const read = fromEnvironment({}, { aws: false })
  if (read._tag === "Problems") throw new Error(read.problems.join("; "))
  const authn = {
    ...read.config.dpServer.authn,
    dpProxyType: options.auth ?? "none",
    zoneProxyType: options.zoneAuth ?? read.config.dpServer.authn.zoneProxyType,
    reloadableTokens: options.reloadableTokens ?? false,
    ...options.iam?.auth
  }
  const config: ControlPlaneConfig = {
    ...read.config,
    aws: options.iam?.aws ?? null,
    dpServer: { ...read.config.dpServer, address: "127.0.0.1", port: options.port ?? 0, authn },
    bootstrap: { ...read.config.bootstrap, ...options.bootstrap },
    xds: { nackBackoffMillis: 50, deregistrationDelayMillis: 300, accessLogPath: null, ...options.xds }
  }
  const journal: Array<JournalEntry> = []
  const layer = dataplaneLayer({
    config,
    instanceId: options.instanceId ?? "cp-1",
    ...(options.connectionIdleMillis === undefined ? {} : { connectionIdleMillis: options.connectionIdleMillis })
  }).pipe(
    Layer.provideMerge(authenticatorLayer({
      auth: authn,
      aws: config.aws,
      zone: config.zone,
      audience: options.iam?.audience ?? ""
    })),
    Layer.provide(CertificateAuthorityLive),
    Layer.provide(Layer.succeed(AdminKeys, options.adminKeys ?? null)),
    Layer.provide(Layer.succeed(ControlPlaneTls, options.tls)),
    Layer.provide(Layer.succeed(Journal, { append: (entry) => void journal.push(entry) })),
    Layer.provideMerge(ResourceCacheLive),
    Layer.provideMerge(PostgresStore.layer(options.store)),
    Layer.provide(Logger.layer(options.loggers ?? [])),
    Layer.provide(Layer.succeed(Tracer.Tracer, options.tracer ?? Tracer.nativeTracer)),
    Layer.provide(Layer.succeed(WorkOfEach, options.work ?? WORK)),
    Layer.orDie
  )
  const runtime = ManagedRuntime.make(layer)
  const services = await runtime.runPromise(
    Effect.context<
      AdsServer | Authenticator | DataplaneServer | Insights | ProxySnapshots | ResourceCache | Store
    >()
  )
  const store = Context.get(services, Store)
  return {
    port: Context.get(services, DataplaneServer).port,
    journal,
    services,
    put: (resource) => runtime.runPromise(store.put(resource)),
    remove: (key) => runtime.runPromise(store.remove(key)),
    get: (key) =>
      runtime.runPromise(store.get(key).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))),
    token: async (name = "", tags = {}) => {
      const scope = dataplaneTokens("default")
      await runtime.runPromise(ensureSigningKey(scope))
      const cache = Context.get(services, ResourceCache)
      await eventually(() => cache.get(keySecret(scope, "1")), (key) => key !== undefined)
      return runtime.runPromise(issueDataplaneToken({ mesh: "default", name, tags, validForMillis: 60_000 }))
    },
    stop: () => runtime.dispose()
  }
}

export const mesh = (name: string, mtls: boolean): DesiredResource<"Mesh"> => ({
  type: "Mesh",
  mesh: "",
  name,
  labels: {},
  spec: mtls ? { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } } : {}
})

export const dataplane = (
  name: string,
  service: string,
  inbound: { readonly address?: string; readonly port: number; readonly servicePort?: number; readonly ready?: boolean },
  outbound: ReadonlyArray<{ readonly service: string; readonly port: number }> = []
): DesiredResource<"Dataplane"> => ({
  type: "Dataplane",
  mesh: "default",
  name,
  labels: {},
  spec: {
    networking: {
      address: inbound.address ?? "127.0.0.1",
      inbound: [{
        port: inbound.port,
        servicePort: inbound.servicePort ?? inbound.port + 1,
        tags: { "kuma.io/service": service, "kuma.io/protocol": "http" },
        ...(inbound.ready === undefined ? {} : { health: { ready: inbound.ready } })
      }],
      outbound: outbound.map(({ port, service }) => ({ port, tags: { "kuma.io/service": service } }))
    }
  }
})

/** Waits for something to be so; tells what was last seen where it doesn't come to be. */
export const eventually = async <A>(
  look: () => Promise<A> | A,
  holds: (seen: A) => boolean,
  withinMillis = 10_000
): Promise<A> => {
  const end = Date.now() + withinMillis
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > end) throw new Error(`not so within ${withinMillis} ms; last seen: ${JSON.stringify(seen)}`)
    await new Promise((resume) => setTimeout(resume, 20))
  }
}
