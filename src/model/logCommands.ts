/**
 * Envoy 1.40's command operators, and what may stand in brackets behind each. What is taken here a real one reads
 * (liveFormats.test.ts): a listener with a format that it can't read is refused whole.
 */
import type { LogCommand } from "./logFormat.ts"

/** What one takes: parameters have to be there (`something`), may be (`either`), or mustn't be (`nothing`). */
export type Takes = "nothing" | "something" | "either"

export interface Grammar {
  readonly takes: Takes
  readonly mayBeCut: boolean
  /** What is wrong with the parameters, to be read after the command's name. */
  readonly problemOf: (parameters: string) => string | undefined
}


const NOTHING =
  "ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CONNECTION_ID CONNECTION_TERMINATION_DETAILS " +
  "CUSTOM_FLAGS DOWNSTREAM_CX_RTT DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED " +
  "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_DIRECT_LOCAL_ADDRESS " +
  "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_DIRECT_LOCAL_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS " +
  "DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_HANDSHAKE_DURATION DOWNSTREAM_HEADER_BYTES_RECEIVED " +
  "DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID " +
  "DOWNSTREAM_LOCAL_CLOSE_REASON DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_LOCAL_IP_SAN " +
  "DOWNSTREAM_LOCAL_OTHERNAME_SAN DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN " +
  "DOWNSTREAM_PEER_CERT DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 " +
  "DOWNSTREAM_PEER_CHAIN_SERIALS DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_EMAIL_SAN DOWNSTREAM_PEER_FINGERPRINT_1 " +
  "DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_IP_SAN DOWNSTREAM_PEER_ISSUER " +
  "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER_SERIAL DOWNSTREAM_PEER_OTHERNAME_SAN " +
  "DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS " +
  "DOWNSTREAM_REMOTE_PORT DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_GROUP DOWNSTREAM_TLS_SESSION_ID " +
  "DOWNSTREAM_TLS_VERSION DOWNSTREAM_TRANSPORT_FAILURE_REASON DOWNSTREAM_WIRE_BYTES_RECEIVED " +
  "DOWNSTREAM_WIRE_BYTES_SENT DURATION FILTER_CHAIN_NAME GRPC_STATUS_NUMBER HOSTNAME LISTENER_NAME " +
  "LOCAL_REPLY_BODY PACKETS_RETRANSMITTED PROTOCOL REQUEST_DURATION REQUEST_HEADERS_BYTES REQUEST_TX_DURATION " +
  "RESPONSE_CODE RESPONSE_DURATION RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES " +
  "RESPONSE_TRAILERS_BYTES RESPONSE_TX_DURATION ROUNDTRIP_DURATION ROUTE_NAME ROUTE_RESOLUTION_COUNT " +
  "ROUTE_RESOLUTION_TIME_US SPAN_ID STREAM_ID TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT TRACE_ID UNIQUE_ID " +
  "UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED " +
  "UPSTREAM_CONNECTION_POOL_READY_DURATION UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED " +
  "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT UPSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_HEADER_BYTES_RECEIVED " +
  "UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HOST UPSTREAM_HOSTS_ATTEMPTED UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT " +
  "UPSTREAM_HOST_NAME UPSTREAM_HOST_NAMES_ATTEMPTED UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT " +
  "UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_CLOSE_REASON UPSTREAM_LOCAL_DNS_SAN " +
  "UPSTREAM_LOCAL_IP_SAN UPSTREAM_LOCAL_PORT UPSTREAM_LOCAL_URI_SAN UPSTREAM_PEER_CERT UPSTREAM_PEER_DNS_SAN " +
  "UPSTREAM_PEER_IP_SAN UPSTREAM_PEER_ISSUER UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_URI_SAN UPSTREAM_PROTOCOL " +
  "UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID UPSTREAM_REMOTE_PORT " +
  "UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_SERVER_NAME UPSTREAM_TLS_CIPHER UPSTREAM_TLS_GROUP " +
  "UPSTREAM_TLS_SESSION_ID UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON UPSTREAM_WIRE_BYTES_RECEIVED " +
  "UPSTREAM_WIRE_BYTES_SENT VIRTUAL_CLUSTER_NAME"

/** No bracket, no control character, and no percent sign but in the format of a time. */
const PLAIN = /^[^%()\x00-\x1f\x7f]*$/
const TIME = /^[^()\x00-\x1f\x7f]*$/

const says = (takes: Takes, mayBeCut: boolean, pattern: RegExp, problem: string): Grammar =>
  ({ takes, mayBeCut, problemOf: (parameters) => (pattern.test(parameters) ? undefined : problem) })

/** Parameters that mean something to Envoy alone. */
const nameable = (mayBeCut: boolean): Grammar =>
  says("something", mayBeCut, PLAIN, "takes no brackets, percent signs or control characters in its parameters")

const refused = (reason: string): Grammar => ({ takes: "something", mayBeCut: true, problemOf: () => reason })

/** Envoy reads it as a number of 64 bits. */
const MAX_LENGTH_DIGITS = 9

const TOKEN = ":?[!#$&'*+.^_`|~0-9A-Za-z-]+"
const HEADERS = says("something", true, new RegExp(`^${TOKEN}(\\?${TOKEN})?$`),
  "takes the name of a header, and of one more after a question mark")
const STATE = says("something", true, /^[^:%()\x00-\x1f\x7f]+(:(PLAIN|TYPED|FIELD:[^:%()\x00-\x1f\x7f]+))?$/,
  "takes the key of a state and how it is written: PLAIN, TYPED or FIELD:name")
const KIND_OF_METADATA =
  /^(DYNAMIC|CLUSTER|ROUTE|UPSTREAM_HOST|LISTENER|VIRTUAL_HOST|LISTENER_FILTER_CHAIN)(:[^%()\x00-\x1f\x7f]*)?$/
const TIMES = says("either", false, TIME, "takes no brackets and no control characters in its format of a time")
const ADDRESSES = says("either", false, /^(\d|[1-9]\d|1[01]\d|12[0-8])?$/, "takes the length of a prefix, 0 to 128")
/** They are languages of their own, and a COALESCE can say all that is refused here. */
const UNREAD = "isn't taken: what stands in it can't be judged here, and an Envoy that can't read it refuses the listener"
const CREDENTIALS = "isn't taken: a proxy's environment holds its credentials"
const NONE: Grammar = { takes: "nothing", mayBeCut: false, problemOf: () => undefined }

const of = (names: string, grammar: Grammar): ReadonlyArray<readonly [name: string, grammar: Grammar]> =>
  names.split(" ").map((name) => [name, grammar])

export const LOG_COMMANDS: ReadonlyMap<string, Grammar> = new Map([
  ...of(NOTHING, NONE),
  ...of("REQ REQUEST_HEADER RESP RESPONSE_HEADER RESPONSE_TRAILER STREAM_INFO_REQ TRAILER", HEADERS),
  ...of("DYNAMIC_METADATA QUERY_PARAM", nameable(true)),
  ...of("CLUSTER_METADATA UPSTREAM_METADATA", nameable(false)),
  ...of("METADATA", says("something", true, KIND_OF_METADATA, "takes DYNAMIC, CLUSTER, ROUTE, UPSTREAM_HOST, LISTENER, " +
    "VIRTUAL_HOST or LISTENER_FILTER_CHAIN and, after a colon each, a namespace and keys")),
  ...of("FILTER_STATE UPSTREAM_FILTER_STATE", STATE),
  ...of("COMMON_DURATION", says("something", false,
    /^[^:%()\x00-\x1f\x7f]+:[^:%()\x00-\x1f\x7f]+(:(ms|us|ns))?$/,
    "takes two points in time and ms, us or ns, with colons between them")),
  ...of("XFCC_VALUE", says("something", true, /^(by|hash|cert|chain|subject|uri|dns)$/i,
    "takes one of by, hash, cert, chain, subject, uri, dns")),
  ...of("PATH", says("either", true, /^(WQ|NQ)?(:(ORIG|PATH|ORIG_OR_PATH))?$/,
    "takes WQ or NQ and, after a colon, ORIG, PATH or ORIG_OR_PATH")),
  ...of("QUERY_PARAMS", says("either", true, /^(ORIG|DECODED)?$/, "takes ORIG or DECODED")),
  ...of("GRPC_STATUS", says("either", false, /^(CAMEL_STRING|SNAKE_STRING|NUMBER)?$/,
    "takes CAMEL_STRING, SNAKE_STRING or NUMBER")),
  ...of("REQUESTED_SERVER_NAME", says("either", false, /^(SNI_ONLY|SNI_FIRST|HOST_FIRST)?(:(ORIG|HOST|ORIG_OR_HOST))?$/,
    "takes SNI_ONLY, SNI_FIRST or HOST_FIRST and, after a colon, ORIG, HOST or ORIG_OR_HOST")),
  ...of("RESPONSE_CODE_DETAILS", says("either", false, PLAIN, "takes ALLOW_WHITESPACES")),
  ...of("DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT " +
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT " +
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", ADDRESSES),
  ...of("DOWNSTREAM_PEER_CERT_V_END DOWNSTREAM_PEER_CERT_V_START EMIT_TIME EMIT_TIME_LOCAL START_TIME " +
    "START_TIME_LOCAL UPSTREAM_PEER_CERT_V_END UPSTREAM_PEER_CERT_V_START", TIMES),
  ...of("CEL COALESCE", refused(UNREAD)),
  ...of("ENVIRONMENT", refused(CREDENTIALS))
])

/** Why it isn't one that Envoy reads and that may be written. */
export const problemOfCommand = ({ length, name, parameters }: LogCommand): string | undefined => {
  const grammar = LOG_COMMANDS.get(name)
  if (grammar === undefined) return `unknown command operator %${name}%`
  const { mayBeCut, problemOf, takes } = grammar
  if (takes === "nothing") {
    return parameters === null && length === null ? undefined : `%${name}% takes no parameters and no length`
  }
  if (takes === "something" && !parameters) return `%${name}(...)% needs parameters`
  const problem = parameters === null ? undefined : problemOf(parameters)
  if (problem !== undefined) return `%${name}(...)% ${problem}`
  if (length === null) return undefined
  if (!mayBeCut) return `%${name}% takes no length`
  return length.length > MAX_LENGTH_DIGITS
    ? `%${name}(...)% takes a length of ${MAX_LENGTH_DIGITS} digits at most` : undefined
}

/** Of a header's value, where what isn't one is text. */
export const isEnvoyWord = (command: LogCommand): boolean => problemOfCommand(command) === undefined
