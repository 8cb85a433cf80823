/** One JSON line for each request or TCP connection, written by the proxy itself: who called whom, how it went. */
import type { MessageInitShape } from "@bufbuild/protobuf"
import type { AccessLogSchema } from "../proto/envoy/config/accesslog/v3/accesslog_pb.js"
import { FileAccessLogSchema } from "../proto/envoy/extensions/access_loggers/file/v3/file_pb.js"
import { StdoutAccessLogSchema } from "../proto/envoy/extensions/access_loggers/stream/v3/stream_pb.js"
import { packAny } from "./packAny.ts"

export interface AccessLogSubject {
  readonly direction: "inbound" | "outbound"
  readonly mesh: string
  /** The Dataplane that logs. */
  readonly proxy: string
  /** Null on inbounds: there the caller's certificate says it (`peer`). */
  readonly source: string | null
  readonly destination: string
  readonly http: boolean
}

const requestFields = {
  method: "%REQ(:METHOD)%",
  // Without the query: what stands in it may be meant for nobody but the workload.
  path: "%PATH(NQ:PATH)%",
  authority: "%REQ(:AUTHORITY)%",
  protocol: "%PROTOCOL%",
  status: "%RESPONSE_CODE%",
  requestId: "%REQ(X-REQUEST-ID)%",
  attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"
}

const fields = (subject: AccessLogSubject) => ({
  time: "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
  direction: subject.direction,
  mesh: subject.mesh,
  proxy: subject.proxy,
  ...(subject.source === null ? {} : { source: subject.source }),
  destination: subject.destination,
  peer: subject.direction === "inbound" ? "%DOWNSTREAM_PEER_URI_SAN%" : "%UPSTREAM_PEER_URI_SAN%",
  ...(subject.http ? requestFields : {}),
  durationMillis: "%DURATION%",
  bytesReceived: "%BYTES_RECEIVED%",
  bytesSent: "%BYTES_SENT%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  termination: "%CONNECTION_TERMINATION_DETAILS%",
  upstream: "%UPSTREAM_HOST%"
})

/** What a listener's filter has as `accessLog`; empty where `path` is null. */
export const accessLog = (
  path: string | null,
  subject: AccessLogSubject
): Array<MessageInitShape<typeof AccessLogSchema>> => {
  if (path === null) return []
  const logFormat = {
    format: { case: "jsonFormat", value: fields(subject) },
    omitEmptyValues: true
  } as const
  // A process' own stdout may be a pipe or a socket, which can't be opened by its path.
  return path === "/dev/stdout"
    ? [{
        name: "envoy.access_loggers.stdout",
        configType: {
          case: "typedConfig",
          value: packAny(StdoutAccessLogSchema, { accessLogFormat: { case: "logFormat", value: logFormat } })
        }
      }]
    : [{
        name: "envoy.access_loggers.file",
        configType: {
          case: "typedConfig",
          value: packAny(FileAccessLogSchema, { path, accessLogFormat: { case: "logFormat", value: logFormat } })
        }
      }]
}
