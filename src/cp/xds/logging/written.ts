/** What one backend of a MeshAccessLog has Envoy write. Kuma's words are replaced here, Envoy's when it writes. */
import { type KumaWords, withKumaWords } from "../../../model/logFormat.ts"
import type { LogBackend, LogFormat, OpenTelemetryLog } from "../../../model/MeshAccessLog.ts"
import { changeTexts, OTLP_PORT, readBody } from "../../../model/otlpValue.ts"
import { readHostPort } from "../../../model/readHostPort.ts"
import type { LineContent, Lines, LogRecords, Written } from "./AccessLogger.ts"
import type { LineForwarder } from "./LogSpeaker.ts"

/** What all of a listener's lines have in common. */
export interface LogContext {
  readonly words: KumaWords
  readonly http: boolean
  readonly forwarder: LineForwarder | null
}

/** Kuma's, which tools read. */
const HTTP_LINE = "[%START_TIME%] %KUMA_MESH% \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" " +
  "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% " +
  "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-B3-TRACEID?X-DATADOG-TRACEID)%\" " +
  "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%KUMA_SOURCE_SERVICE%\" \"%KUMA_DESTINATION_SERVICE%\" " +
  "\"%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%\" \"%UPSTREAM_HOST%\""
const TCP_LINE = "[%START_TIME%] %RESPONSE_FLAGS% %KUMA_MESH% %KUMA_SOURCE_ADDRESS_WITHOUT_PORT%" +
  "(%KUMA_SOURCE_SERVICE%)->%UPSTREAM_HOST%(%KUMA_DESTINATION_SERVICE%) took %DURATION%ms, sent %BYTES_SENT% bytes, " +
  "received: %BYTES_RECEIVED% bytes"

const defaultLine = ({ http }: LogContext): string => (http ? HTTP_LINE : TCP_LINE)

const contentOf = (format: LogFormat | undefined, context: LogContext): LineContent => {
  const said = (text: string): string => withKumaWords(text, context.words)
  return format?.type === "Json"
    ? Object.fromEntries((format.json ?? []).map(({ key, value }) => [key, said(value)]))
    : `${said(format?.plain ?? defaultLine(context))}\n`
}

const lines = (path: string, content: LineContent, format: LogFormat | undefined): Lines =>
  ({ _tag: "Lines", path, content, omitEmptyValues: format?.omitEmptyValues === true })

const logRecords = (said: OpenTelemetryLog, context: LogContext): LogRecords | null => {
  const collector = readHostPort(said.endpoint, OTLP_PORT)
  const body = readBody(said.body ?? defaultLine(context))
  if (collector === undefined || body === undefined) return null
  const { MESH, WORKLOAD, ZONE } = context.words
  const format = (text: string): string => withKumaWords(text, context.words)
  const resource = [
    { key: "kuma.mesh", value: MESH },
    { key: "kuma.zone", value: ZONE },
    { key: "kuma.workload", value: WORKLOAD }
  ]
  return {
    _tag: "LogRecords",
    collector,
    body: changeTexts(body, format),
    attributes: (said.attributes ?? []).map(({ key, value }) => ({ key, value: format(value) })),
    resource: resource.filter(({ value }) => value !== "")
  }
}

/** Null where it can't be written there. */
export const written = ({ file, openTelemetry, tcp, type }: LogBackend, context: LogContext): Written | null => {
  switch (type) {
    case "File":
      return file === undefined ? null : lines(file.path, contentOf(file.format, context), file.format)
    case "Tcp": {
      if (tcp === undefined || context.forwarder === null) return null
      const { path, with: others } = context.forwarder
      return lines(path, { ...others, address: tcp.address, message: contentOf(tcp.format, context) }, tcp.format)
    }
    case "OpenTelemetry":
      return openTelemetry === undefined ? null : logRecords(openTelemetry, context)
  }
}
