/** An access log that is written as lines: to a file of the proxy's host, or to its Envoy's own output. */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import {
  type AccessLog,
  type AccessLogFilter,
  AccessLogSchema
} from "../../proto/envoy/config/accesslog/v3/accesslog_pb.js"
import type { SubstitutionFormatStringSchema } from "../../proto/envoy/config/core/v3/substitution_format_string_pb.js"
import { FileAccessLogSchema } from "../../proto/envoy/extensions/access_loggers/file/v3/file_pb.js"
import {
  StderrAccessLogSchema,
  StdoutAccessLogSchema
} from "../../proto/envoy/extensions/access_loggers/stream/v3/stream_pb.js"
import { packAny } from "../packAny.ts"

const typed = (name: string, value: ReturnType<typeof packAny>, filter: AccessLogFilter | undefined): AccessLog =>
  create(AccessLogSchema, { name, configType: { case: "typedConfig", value }, ...(filter === undefined ? {} : { filter }) })

export const lineLog = (
  path: string,
  format: MessageInitShape<typeof SubstitutionFormatStringSchema>,
  filter?: AccessLogFilter
): AccessLog => {
  const accessLogFormat = { case: "logFormat", value: format } as const
  // A process' own output may be a pipe or a socket, which can't be opened by its path.
  switch (path) {
    case "/dev/stdout":
      return typed("envoy.access_loggers.stdout", packAny(StdoutAccessLogSchema, { accessLogFormat }), filter)
    case "/dev/stderr":
      return typed("envoy.access_loggers.stderr", packAny(StderrAccessLogSchema, { accessLogFormat }), filter)
    default:
      return typed("envoy.access_loggers.file", packAny(FileAccessLogSchema, { path, accessLogFormat }), filter)
  }
}
