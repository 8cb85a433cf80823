/** What `/bootstrap` is asked, in Kuma's field names. */
import type { BootstrapRequest } from "../model/Bootstrap.ts"
import { LINE_KEY } from "../model/nodeMetadata.ts"
import { BIND_OUTBOUNDS_FEATURE, CARRIES_LINES_FEATURE } from "../model/proxyFeatures.ts"
import type { SidecarConfig } from "./SidecarConfig.ts"

export interface BootstrapFacts {
  readonly config: SidecarConfig
  readonly name: string
  readonly workDir: string
  /** Of `envoy --version`. */
  readonly envoy: { readonly version: string; readonly build: string }
  /** Of this program. */
  readonly version: string
  /** By which a line of an access log is known to be one that it is to carry. */
  readonly lineKey: string
  readonly token: { readonly value: string; readonly path: string } | null
}

export const bootstrapRequest = (
  { config, name, workDir, envoy, lineKey, version, token }: BootstrapFacts
): BootstrapRequest => ({
  mesh: config.proxy.mesh,
  name,
  proxyType: config.proxy.proxyType,
  ...(token === null ? {} : { dataplaneToken: token.value, dataplaneTokenPath: token.path }),
  ...(config.dataplaneResource === null ? {} : { dataplaneResource: config.dataplaneResource }),
  caCert: config.controlPlane.caCert ?? "",
  version: {
    kumaDp: { version, gitTag: "", gitCommit: "", buildDate: "" },
    envoy: { version: envoy.version, build: envoy.build, kumaDpCompatible: true }
  },
  dynamicMetadata: { [LINE_KEY]: lineKey },
  readinessPort: config.readiness.port,
  operatingSystem: process.platform,
  features: [CARRIES_LINES_FEATURE, ...(config.bindOutbounds ? [BIND_OUTBOUNDS_FEATURE] : [])],
  resources: {},
  workdir: workDir,
  adminAddress: config.admin.address,
  adminPort: config.admin.port
})
