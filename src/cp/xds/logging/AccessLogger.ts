/** Access logs that somebody asked for: what each writes, where to, and of which calls. Plain data, and Envoy's form. */
import { create, fromJson, type JsonObject } from "@bufbuild/protobuf"
import type { OtlpValue } from "../../../model/otlpValue.ts"
import type { HostPort } from "../../../model/readHostPort.ts"
import {
  type AccessLog,
  type AccessLogFilter,
  AccessLogFilterSchema,
  AccessLogSchema
} from "../../proto/envoy/config/accesslog/v3/accesslog_pb.js"
import { ExpressionFilterSchema } from "../../proto/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js"
import {
  OpenTelemetryAccessLogConfigSchema
} from "../../proto/envoy/extensions/access_loggers/open_telemetry/v3/logs_service_pb.js"
import { AnyValueSchema, KeyValueListSchema } from "../../proto/opentelemetry/proto/common/v1/common_pb.js"
import { packAny } from "../packAny.ts"
import { recently } from "../share/recently.ts"
import { lineLog } from "./lineLog.ts"

/** Its texts are Envoy's formats. */
export interface Lines {
  readonly _tag: "Lines"
  /** On the proxy's host. */
  readonly path: string
  readonly content: LineContent
  readonly omitEmptyValues: boolean
}

/** A text with its line feed, or the fields of a JSON object. */
export type LineContent = string | JsonFormat

export interface JsonFormat {
  readonly [name: string]: string | JsonFormat
}

export interface LogRecords {
  readonly _tag: "LogRecords"
  readonly collector: HostPort
  readonly body: OtlpValue
  readonly attributes: ReadonlyArray<Pair>
  /** Of the proxy, as they are. */
  readonly resource: ReadonlyArray<Pair>
}

export interface Pair {
  readonly key: string
  readonly value: string
}

export type Written = Lines | LogRecords

export interface AccessLogger {
  readonly writes: Written
  /** Of which calls: an expression in CEL; null: of all. */
  readonly when: string | null
}

/** Named by what it is, so that all proxies that log there have the same. */
export const collectorCluster = ({ host, port }: HostPort): string => `meshaccesslog:opentelemetry:${host}:${port}`

/** Each that is written to once. */
export const collectorsOf = (loggers: ReadonlyArray<AccessLogger>): ReadonlyArray<HostPort> =>
  [...new Map(loggers.flatMap(({ writes }) =>
    writes._tag === "LogRecords" ? [[collectorCluster(writes.collector), writes.collector] as const] : [])).values()]

const filterOf = (when: string): AccessLogFilter =>
  create(AccessLogFilterSchema, {
    filterSpecifier: {
      case: "extensionFilter",
      value: {
        name: "envoy.access_loggers.extension_filters.cel",
        configType: { case: "typedConfig", value: packAny(ExpressionFilterSchema, { expression: when }) }
      }
    }
  })

const keyValues = (pairs: ReadonlyArray<Pair>) =>
  create(KeyValueListSchema, {
    values: pairs.map(({ key, value }) => ({ key, value: { value: { case: "stringValue", value } } } as const))
  })

const logRecords = (writes: LogRecords, filter: AccessLogFilter | undefined): AccessLog =>
  create(AccessLogSchema, {
    name: "envoy.access_loggers.open_telemetry",
    ...(filter === undefined ? {} : { filter }),
    configType: {
      case: "typedConfig",
      value: packAny(OpenTelemetryAccessLogConfigSchema, {
        logName: "MeshAccessLog",
        grpcService: {
          targetSpecifier: { case: "envoyGrpc", value: { clusterName: collectorCluster(writes.collector) } }
        },
        body: fromJson(AnyValueSchema, JSON.parse(JSON.stringify(writes.body))),
        attributes: keyValues(writes.attributes),
        resourceAttributes: keyValues(writes.resource)
      })
    }
  })

const json = (format: JsonFormat): JsonObject =>
  Object.fromEntries(
    Object.entries(format).map(([name, value]) => [name, typeof value === "string" ? value : json(value)])
  )

const build = recently(1000, ({ when, writes }: AccessLogger): AccessLog => {
  const filter = when === null ? undefined : filterOf(when)
  if (writes._tag === "LogRecords") return logRecords(writes, filter)
  const { content, omitEmptyValues, path } = writes
  return lineLog(path, {
    omitEmptyValues,
    format: typeof content === "string"
      ? { case: "textFormatSource", value: { specifier: { case: "inlineString", value: content } } }
      : { case: "jsonFormat", value: json(content) }
  }, filter)
})

export const accessLoggers = (loggers: ReadonlyArray<AccessLogger> = []): Array<AccessLog> => loggers.map(build)
