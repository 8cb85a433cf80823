/**
 * What the control plane knows of a proxy's connection: subscriptions, acknowledgements, certificate. Kuma's
 * `DataplaneInsight`.
 */
import { Schema } from "effect"

const ServiceStatus = Schema.Struct({
  responsesSent: Schema.optionalKey(Schema.String),
  responsesAcknowledged: Schema.optionalKey(Schema.String),
  responsesRejected: Schema.optionalKey(Schema.String)
})

export const Subscription = Schema.Struct({
  id: Schema.String,
  controlPlaneInstanceId: Schema.String,
  connectTime: Schema.String,
  disconnectTime: Schema.optionalKey(Schema.String),
  status: Schema.Struct({
    lastUpdateTime: Schema.optionalKey(Schema.String),
    total: ServiceStatus,
    cds: ServiceStatus,
    eds: ServiceStatus,
    lds: ServiceStatus,
    rds: ServiceStatus
  }),
  version: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  generation: Schema.optionalKey(Schema.Number)
})
export type Subscription = typeof Subscription.Type

export const DataplaneInsight = Schema.Struct({
  subscriptions: Schema.Array(Subscription),
  mTLS: Schema.optionalKey(
    Schema.Struct({
      certificateExpirationTime: Schema.String,
      lastCertificateRegeneration: Schema.String,
      certificateRegenerations: Schema.Number,
      issuedBackend: Schema.optionalKey(Schema.String),
      supportedBackends: Schema.optionalKey(Schema.Array(Schema.String))
    })
  ),
  /** What the proxy said of itself on connecting. */
  metadata: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  openTelemetry: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  /** The last NACK of each xDS type, until that type is accepted again. */
  rejections: Schema.optionalKey(
    Schema.Array(Schema.Struct({ typeUrl: Schema.String, message: Schema.String, time: Schema.String }))
  )
})
export type DataplaneInsight = typeof DataplaneInsight.Type
