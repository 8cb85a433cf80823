/** Tags of proxies, and the selectors that choose by them. */
import { PROTOCOL_TAG, SERVICE_TAG, type Tags } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { key, violationIf } from "./violationPath.ts"

const NAME = /^[a-zA-Z0-9.\-_:/]*$/
const VALUE = /^[a-zA-Z0-9.\-_:]*$/
const SELECTOR_VALUE = /^([a-zA-Z0-9.\-_:/]*|\*)$/

/** What is told to users; `tls` and `mysql` are read as well. */
export const SUPPORTED_PROTOCOLS: ReadonlyArray<string> = ["grpc", "http", "http2", "kafka", "tcp"]
const READ_PROTOCOLS = [...SUPPORTED_PROTOCOLS, "tls", "mysql"]

export const ALLOWED_PROTOCOLS_HINT = `Allowed values: ${SUPPORTED_PROTOCOLS.join(", ")}`

export const isProtocol = (protocol: string): boolean => READ_PROTOCOLS.includes(protocol.toLowerCase())

const validateKeyValues = (
  path: string,
  tags: Tags,
  values: RegExp,
  valueMessage: string
): ReadonlyArray<Violation> =>
  Object.keys(tags).sort().flatMap((name) => {
    const value = tags[name] ?? ""
    return [
      ...violationIf(name === "", path, "tag name must be non-empty"),
      ...violationIf(!NAME.test(name), key(path, name),
        "tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores"),
      ...violationIf(value === "", key(path, name), "tag value must be non-empty"),
      ...violationIf(!values.test(value), key(path, name), valueMessage)
    ]
  })

export const validateTags = (path: string, tags: Tags = {}): ReadonlyArray<Violation> =>
  validateKeyValues(path, tags, VALUE,
    "tag value must consist of alphanumeric characters, dots, dashes and underscores")

export const validateSelector = (path: string, tags: Tags = {}): ReadonlyArray<Violation> =>
  validateKeyValues(path, tags, SELECTOR_VALUE,
    "tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be \"*\"")

/** Without `kuma.io/service` nobody could route to it. */
export const requireService = (path: string, tags: Tags = {}): ReadonlyArray<Violation> =>
  violationIf(!Object.hasOwn(tags, SERVICE_TAG), path, `mandatory tag "${SERVICE_TAG}" is missing`)

export const validateProtocolTag = (path: string, tags: Tags = {}): ReadonlyArray<Violation> => {
  const protocol = tags[PROTOCOL_TAG]
  return violationIf(
    protocol !== undefined && !isProtocol(protocol),
    key(path, PROTOCOL_TAG),
    `tag "${PROTOCOL_TAG}" has an invalid value "${protocol}". ${ALLOWED_PROTOCOLS_HINT}`
  )
}
