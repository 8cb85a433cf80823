/** Everything that serves proxies, wired: bootstrap, ADS, snapshots, insights, registration, behind one port. */
import { Layer } from "effect"
import type { ProxyType } from "../../model/ProxyType.ts"
import { Bootstrapper } from "../bootstrap/Bootstrapper.ts"
import type { ControlPlaneConfig } from "../config/ControlPlaneConfig.ts"
import { HealthWriter } from "../hds/HealthWriter.ts"
import { Insights } from "../insight/Insights.ts"
import { AdsServer } from "./AdsServer.ts"
import { DataplaneServer } from "./DataplaneServer.ts"
import { HealthDiscovery } from "./hds/HealthDiscovery.ts"
import { ProxyRegistration } from "./ProxyRegistration.ts"
import { ProxySnapshotsLive } from "./ProxySnapshotsLive.ts"

export interface DataplaneOptions {
  readonly config: Pick<ControlPlaneConfig, "aws" | "bootstrap" | "dpServer" | "health" | "xds" | "zone">
  /** Names this replica among all. */
  readonly instanceId: string
  /** How long a connection may stay without a stream. A minute where absent. */
  readonly connectionIdleMillis?: number
}

/** Between two rounds of writing the counts in insights. */
const INSIGHT_MILLIS = 5_000
const RECHECK_MILLIS = 2_000
const FIRST_REQUEST_MILLIS = 10_000
/** Envoy waits for half as long at most before it opens its stream again. */
const CONNECTION_IDLE_MILLIS = 60_000
/** How often one refused version is offered in all. */
const NACK_ATTEMPTS = 5

/**
 * Needs Authenticator, CertificateAuthority, ControlPlaneTls, Journal, ResourceCache and Store; gives DataplaneServer,
 * AdsServer, ProxySnapshots (for dumps) and Insights.
 */
export const dataplaneLayer = ({
  config,
  connectionIdleMillis = CONNECTION_IDLE_MILLIS,
  instanceId
}: DataplaneOptions) => {
  const { aws, bootstrap, dpServer, health, xds, zone } = config
  const { dpProxyType, zoneProxyType } = dpServer.authn
  /**
   * A token vouches for a service or a zone and not for a task, so its proxy brings along what it is, as Kuma's do.
   * What joins by its role is what the operator says.
   */
  const bringsOwn = (proxyType: ProxyType): boolean => {
    const way = proxyType === "dataplane" ? dpProxyType : zoneProxyType
    return aws === null || way === "dpToken" || way === "zoneToken"
  }
  const registration = ProxyRegistration.layer({
    bringsOwn,
    zone,
    instanceId,
    deregistrationDelayMillis: xds.deregistrationDelayMillis
  })
  const ads = AdsServer.layer({
    policy: { backoffMillis: xds.nackBackoffMillis, attempts: NACK_ATTEMPTS },
    recheckMillis: RECHECK_MILLIS,
    firstRequestMillis: FIRST_REQUEST_MILLIS,
    connectionIdleMillis
  })
  const healthDiscovery = HealthDiscovery.layer({
    config: health,
    firstRequestMillis: FIRST_REQUEST_MILLIS,
    recheckMillis: RECHECK_MILLIS
  }).pipe(Layer.provide(HealthWriter.layer))
  const bootstrapper = Bootstrapper.layer({
    bringsOwn,
    bootstrap,
    zone,
    reloadableTokens: dpServer.authn.reloadableTokens
  })
  return DataplaneServer.layer(dpServer).pipe(
    Layer.provideMerge(ads),
    Layer.provide(bootstrapper),
    Layer.provide(registration),
    Layer.provide(healthDiscovery),
    Layer.provideMerge(ProxySnapshotsLive({ zone, accessLogPath: xds.accessLogPath })),
    Layer.provideMerge(Insights.layer({ instanceId, flushMillis: INSIGHT_MILLIS }))
  )
}
