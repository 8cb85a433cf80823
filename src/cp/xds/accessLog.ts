/** One JSON line for each request or TCP connection, written by the proxy itself: who called whom, how it went. */
import { NODE_PROXY, NODE_SOURCE } from "../../model/nodeMetadata.ts"
import type { AccessLog } from "../proto/envoy/config/accesslog/v3/accesslog_pb.js"
import { lineLog } from "./logging/lineLog.ts"
import { nodeWord } from "./logging/nodeWord.ts"
import { recently } from "./share/recently.ts"
import type { TranslateSettings } from "./TranslateSettings.ts"

/** Who logs where to. Where nothing is logged it is null, and nothing of this goes into a resource. */
export interface ProxyLog {
  readonly path: string
  /** The Dataplane's name, or how Envoy says it. */
  readonly proxy: string
}

export interface CallerLog extends ProxyLog {
  /** Service that the calls come from, or the Dataplane's name where it answers for none; or how Envoy says it. */
  readonly source: string
}

export interface AccessLogSubject {
  readonly direction: "inbound" | "outbound"
  readonly mesh: string
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

/** An inbound's log has no source: there the caller's certificate says it (`peer`). */
const fields = (log: ProxyLog | CallerLog, subject: AccessLogSubject) => ({
  time: "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
  direction: subject.direction,
  mesh: subject.mesh,
  proxy: log.proxy,
  ...("source" in log ? { source: log.source } : {}),
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

export const proxyLog = ({ accessLogPath, node }: TranslateSettings, proxy: string): ProxyLog | null =>
  accessLogPath === null ? null : { path: accessLogPath, proxy: nodeWord(proxy, node?.proxy, NODE_PROXY) }

export const callerLog = (settings: TranslateSettings, proxy: string, source: string): CallerLog | null => {
  const log = proxyLog(settings, proxy)
  return log === null ? null : { ...log, source: nodeWord(source, settings.node?.source, NODE_SOURCE) }
}

interface AccessLogInput {
  readonly log: ProxyLog | CallerLog
  readonly subject: AccessLogSubject
}

const build = recently(1000, ({ log, subject }: AccessLogInput): AccessLog =>
  lineLog(log.path, { format: { case: "jsonFormat", value: fields(log, subject) }, omitEmptyValues: true }))

/** What a listener's filter has as `accessLog`; empty where nothing is logged. */
export const accessLog = (log: ProxyLog | CallerLog | null, subject: AccessLogSubject): Array<AccessLog> =>
  log === null ? [] : [build({ log, subject })]
