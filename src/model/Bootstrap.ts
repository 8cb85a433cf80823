/** What `/bootstrap` is asked and answers, in the field names that Kuma's dataplanes use. */
import { Schema } from "effect"
import type { AggregatedMetrics } from "./prometheusMetrics.ts"

const Unknowns = Schema.Record(Schema.String, Schema.Unknown)

export const BootstrapRequest = Schema.Struct({
  mesh: Schema.optionalKey(Schema.String),
  name: Schema.String,
  /** `dataplane` where absent or empty. */
  proxyType: Schema.optionalKey(Schema.String),
  dataplaneToken: Schema.optionalKey(Schema.String),
  /** Where Envoy reads, and rereads, its token. */
  dataplaneTokenPath: Schema.optionalKey(Schema.String),
  /** YAML of a Dataplane that the proxy brings along (without the operator). */
  dataplaneResource: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Unknowns),
  caCert: Schema.optionalKey(Schema.String),
  dynamicMetadata: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
  dnsPort: Schema.optionalKey(Schema.Number),
  readinessPort: Schema.optionalKey(Schema.Number),
  appProbeProxyDisabled: Schema.optionalKey(Schema.Boolean),
  operatingSystem: Schema.optionalKey(Schema.String),
  features: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  resources: Schema.optionalKey(Unknowns),
  workdir: Schema.optionalKey(Schema.String),
  metricsResources: Schema.optionalKey(Unknowns),
  systemCaPath: Schema.optionalKey(Schema.String),
  /** What a transparent proxy was set up with. */
  dataplaneConfig: Schema.optionalKey(Schema.Unknown),
  ipv6Enabled: Schema.optionalKey(Schema.Boolean),
  spireResources: Schema.optionalKey(Schema.Unknown),
  otelEnv: Schema.optionalKey(Schema.Unknown),
  host: Schema.optionalKey(Schema.String),
  /** Where this proxy's Envoy is to serve its admin interface; the control plane's setting where absent. */
  adminAddress: Schema.optionalKey(Schema.String),
  adminPort: Schema.optionalKey(Schema.Number)
})
export type BootstrapRequest = typeof BootstrapRequest.Type

/** Answer to `Accept: application/json`; otherwise the YAML alone. */
export interface BootstrapResponse {
  /** Base64 of Envoy's bootstrap in YAML. */
  readonly bootstrap: string
  readonly kumaSidecarConfiguration: {
    readonly networking: {
      readonly address: string
      readonly corefileTemplate: string | null
    }
    readonly metrics: { readonly aggregate: ReadonlyArray<AggregatedMetrics> }
  }
}

/** Every error of the control plane over HTTP, as Kuma shapes it. */
export interface ErrorBody {
  readonly type: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly instance?: string
  readonly invalid_parameters?: ReadonlyArray<{ readonly field: string; readonly reason: string }>
  readonly details?: string
  readonly causes?: ReadonlyArray<{ readonly field: string; readonly message: string }>
}
