/** One inbound of a Dataplane. */
import type { Inbound } from "../Dataplane.ts"
import { isIpAddress } from "../isIpAddress.ts"
import { parseProtobufDuration } from "../parseDuration.ts"
import { SERVICE_TAG } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { validatePort } from "./validateAddress.ts"
import { ALLOWED_PROTOCOLS_HINT, isProtocol, validateProtocolTag, validateTags } from "./validateTags.ts"
import { field, key, violationIf } from "./violationPath.ts"

const SAME_AS_LISTENER = "serviceAddress and servicePort has to differ from address and port"

/** An inbound that hands over to the address and port that it listens on would call itself for ever. */
const callsItself = (inbound: Inbound, listens: string | undefined): boolean =>
  inbound.serviceAddress !== undefined && inbound.serviceAddress !== "" && inbound.serviceAddress === listens &&
  [undefined, 0, inbound.port].includes(inbound.servicePort)

const validateProbe = (path: string, probe: Inbound["serviceProbe"]): ReadonlyArray<Violation> =>
  Object.entries(probe ?? {}).flatMap(([name, value]) => {
    const at = field(path, name)
    switch (name) {
      case "interval":
      case "timeout": {
        const millis = typeof value === "string" ? parseProtobufDuration(value) : undefined
        if (millis === undefined) return [{ field: at, message: "must have a valid value" }]
        return violationIf(millis === 0, at, "must have a positive value")
      }
      case "unhealthyThreshold":
      case "healthyThreshold":
        return violationIf(!Number.isInteger(value) || Number(value) < 1, at, "must have a positive value")
      case "tcp":
        return []
      default:
        return [{ field: at, message: "unknown field" }]
    }
  })

export const validateInbound = (
  inbound: Inbound,
  path: string,
  dataplaneAddress: string | undefined
): ReadonlyArray<Violation> => {
  const { address, protocol, servicePort = 0, serviceAddress, tags = {} } = inbound
  const at = (name: string) => field(path, name)
  return [
    ...validatePort(at("port"), inbound.port),
    ...(servicePort === 0 ? [] : validatePort(at("servicePort"), servicePort)),
    ...violationIf(Boolean(serviceAddress) && !isIpAddress(serviceAddress ?? ""), at("serviceAddress"),
      "serviceAddress has to be valid IP address"),
    ...violationIf(callsItself(inbound, dataplaneAddress), at("serviceAddress"), SAME_AS_LISTENER),
    ...violationIf(Boolean(address) && !isIpAddress(address ?? ""), at("address"),
      "address has to be valid IP address"),
    ...violationIf(callsItself(inbound, address), at("serviceAddress"), SAME_AS_LISTENER),
    ...validateProtocolTag(at("tags"), tags),
    ...validateTags(at("tags"), tags),
    ...violationIf(Boolean(protocol) && !isProtocol(protocol ?? ""), at("protocol"),
      `has an invalid value "${protocol}". ${ALLOWED_PROTOCOLS_HINT}`),
    ...validateProbe(at("serviceProbe"), inbound.serviceProbe),
    ...violationIf(Object.keys(tags).length > 0 && !Object.hasOwn(tags, SERVICE_TAG), key(at("tags"), SERVICE_TAG),
      "tag has to exist")
  ]
}
