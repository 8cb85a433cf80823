/** What proxies serve of their metrics and their workloads', where and to whom. Kuma's `MeshMetric`. */
import { Effect, Schema } from "effect"
import { DEFAULT_METRICS_PATH, DEFAULT_METRICS_PORT } from "./prometheusMetrics.ts"
import { TargetRef } from "./TargetRef.ts"

const MetricsPath = Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed(DEFAULT_METRICS_PATH)))

const StatSelector = Schema.Struct({
  type: Schema.Literals(["Prefix", "Regex", "Exact", "Contains"]),
  match: Schema.String
})

export const SidecarMetrics = Schema.Struct({
  profiles: Schema.optionalKey(
    Schema.Struct({
      appendProfiles: Schema.optionalKey(
        Schema.Array(Schema.Struct({ name: Schema.Literals(["All", "Basic", "None"]) }))
      ),
      exclude: Schema.optionalKey(Schema.Array(StatSelector)),
      include: Schema.optionalKey(Schema.Array(StatSelector))
    })
  ),
  includeUnused: Schema.optionalKey(Schema.Boolean)
})

export const ApplicationMetrics = Schema.Struct({
  name: Schema.optionalKey(Schema.String),
  path: MetricsPath,
  address: Schema.optionalKey(Schema.String),
  port: Schema.Number
})

export const PrometheusBackend = Schema.Struct({
  /** The `client_id` of the one Prometheus that is told of it; anybody's where absent. */
  clientId: Schema.optionalKey(Schema.String),
  port: Schema.Number.pipe(Schema.withDecodingDefaultKey(Effect.succeed(DEFAULT_METRICS_PORT))),
  path: MetricsPath,
  tls: Schema.optionalKey(
    Schema.Struct({
      mode: Schema.Literals(["Disabled", "ProvidedTLS", "ActiveMTLSBackend"]).pipe(
        Schema.withDecodingDefaultKey(Effect.succeed("Disabled" as const))
      )
    })
  )
})
export type PrometheusBackend = typeof PrometheusBackend.Type

export const MetricBackend = Schema.Struct({
  type: Schema.Literals(["Prometheus", "OpenTelemetry"]),
  prometheus: Schema.optionalKey(PrometheusBackend),
  openTelemetry: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})

export const MetricConf = Schema.Struct({
  sidecar: Schema.optionalKey(SidecarMetrics),
  applications: Schema.optionalKey(Schema.Array(ApplicationMetrics)),
  backends: Schema.optionalKey(Schema.Array(MetricBackend))
})
export type MetricConf = typeof MetricConf.Type

export const MeshMetric = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  default: Schema.optionalKey(MetricConf)
})
export type MeshMetric = typeof MeshMetric.Type

/** Those that Prometheus asks of a proxy, in their order. */
export const prometheusBackends = ({ backends = [] }: MetricConf): ReadonlyArray<PrometheusBackend> =>
  backends.flatMap(({ prometheus, type }) => (type === "Prometheus" && prometheus !== undefined ? [prometheus] : []))
