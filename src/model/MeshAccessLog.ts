/** Which calls are written down, how and where to. Kuma's `MeshAccessLog`. */
import { Effect, Schema } from "effect"
import { Match } from "./Match.ts"
import { TargetRef } from "./TargetRef.ts"

/** Its texts hold Envoy's command operators and Kuma's (`%KUMA_MESH%`). */
export const LogFormat = Schema.Struct({
  type: Schema.Literals(["Plain", "Json"]),
  plain: Schema.optionalKey(Schema.String),
  json: Schema.optionalKey(Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.String }))),
  omitEmptyValues: Schema.Boolean.pipe(Schema.withDecodingDefaultKey(Effect.succeed(false)))
})
export type LogFormat = typeof LogFormat.Type

export const TcpLog = Schema.Struct({
  format: Schema.optionalKey(LogFormat),
  /** `host:port`. */
  address: Schema.String
})

export const FileLog = Schema.Struct({
  format: Schema.optionalKey(LogFormat),
  /** On the proxy's host. */
  path: Schema.String
})

export const OpenTelemetryLog = Schema.Struct({
  attributes: Schema.optionalKey(Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.String }))),
  /** A text, or one of OTLP's values as JSON has them. */
  body: Schema.optionalKey(Schema.Unknown),
  /** `host:port`, or a host: then at OTLP's own port. */
  endpoint: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed(""))),
  backendRef: Schema.optionalKey(
    Schema.Struct({
      kind: Schema.Literals(["MeshOpenTelemetryBackend"]),
      labels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  )
})
export type OpenTelemetryLog = typeof OpenTelemetryLog.Type

export const LogBackend = Schema.Struct({
  type: Schema.Literals(["Tcp", "File", "OpenTelemetry"]),
  tcp: Schema.optionalKey(TcpLog),
  file: Schema.optionalKey(FileLog),
  openTelemetry: Schema.optionalKey(OpenTelemetryLog)
})
export type LogBackend = typeof LogBackend.Type

export const AccessLogConf = Schema.Struct({ backends: Schema.optionalKey(Schema.Array(LogBackend)) })
export type AccessLogConf = typeof AccessLogConf.Type

const Entry = Schema.Struct({ targetRef: TargetRef, default: AccessLogConf })

export const MeshAccessLog = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(Schema.Array(Entry)),
  from: Schema.optionalKey(Schema.Array(Entry)),
  rules: Schema.optionalKey(
    Schema.Array(Schema.Struct({ matches: Schema.optionalKey(Schema.Array(Match)), default: AccessLogConf }))
  )
})
export type MeshAccessLog = typeof MeshAccessLog.Type
