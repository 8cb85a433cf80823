/** A Dataplane's networking, by what it is: a workload's proxy, a delegated gateway, a builtin gateway. */
import type { Dataplane } from "../Dataplane.ts"
import { PROTOCOL_TAG } from "../Tags.ts"
import type { Violation } from "../Violation.ts"
import { recordOf } from "./backends.ts"
import { coversLoopback, validateAddress, validatePort } from "./validateAddress.ts"
import { validateInbound } from "./validateInbound.ts"
import { validateListeners } from "./validateListeners.ts"
import { validatePrometheus } from "./validateObservability.ts"
import { validateOutbound } from "./validateOutbound.ts"
import { validateReachableBackends } from "./validateReachableBackends.ts"
import { requireService, validateTags } from "./validateTags.ts"
import { field, inEach, key, violationIf } from "./violationPath.ts"

type Networking = NonNullable<Dataplane["networking"]>

/** Envoy's admin listens on loopback: nothing else may take its port there. */
const validateAdmin = (networking: Networking): ReadonlyArray<Violation> => {
  const { admin, inbound = [], outbound = [] } = networking
  if (admin === undefined) return []
  const port = admin.port ?? 0
  const usedByInbound = inbound.some((one) => {
    const listens = one.address || networking.address
    return (one.port === port && coversLoopback(listens)) ||
      ((one.servicePort || one.port) === port && coversLoopback(one.serviceAddress || listens))
  })
  const usedByOutbound = outbound.some((one) => one.port === port && coversLoopback(one.address || "127.0.0.1"))
  return [
    ...violationIf(usedByInbound, "networking.admin.port", "must differ from inbound"),
    ...violationIf(usedByOutbound, "networking.admin.port", "must differ from outbound")
  ]
}

const validateGateway = ({ gateway }: Networking): ReadonlyArray<Violation> => {
  const tags = gateway?.tags ?? {}
  const path = "networking.gateway.tags"
  const protocol = tags[PROTOCOL_TAG]
  return [
    ...violationIf(protocol !== undefined && protocol.toLowerCase() !== "tcp", key(path, PROTOCOL_TAG),
      `other values than tcp are not allowed, provided value "${protocol}"`),
    ...validateTags(path, tags),
    ...(Object.keys(tags).length > 0 ? requireService(path, tags) : [])
  ]
}

/** Others dial it. Kuma takes any, and they would dial in vain. */
const validateAdvertised = ({ advertisedAddress = "" }: Networking): ReadonlyArray<Violation> =>
  advertisedAddress === "" ? [] : validateAddress("networking", advertisedAddress).map(({ message }) => ({
    field: "networking.advertisedAddress", message
  }))

const validateEnds = (networking: Networking): ReadonlyArray<Violation> => [
  ...validateAddress("networking", networking.address),
  ...validateAdvertised(networking),
  ...inEach("networking.inbound", networking.inbound, (inbound, path) =>
    validateInbound(inbound, path, networking.address)),
  ...inEach("networking.outbound", networking.outbound, validateOutbound),
  ...validateReachableBackends(networking.transparentProxying)
]

const URL_PATH = /^(\/|[a-zA-Z][a-zA-Z0-9+.-]*:)[^\s]*$/

const validateProbes = ({ probes }: Dataplane): ReadonlyArray<Violation> =>
  probes === undefined ? [] : [
    ...validatePort("probes.port", probes.port),
    ...inEach("probes.endpoints", probes.endpoints, (endpoint, path) => [
      ...validatePort(field(path, "inboundPort"), endpoint.inboundPort),
      ...violationIf(!URL_PATH.test(endpoint.inboundPath ?? ""), field(path, "inboundPath"),
        "should be a valid URL Path"),
      ...violationIf(!URL_PATH.test(endpoint.path ?? ""), field(path, "path"), "should be a valid URL Path")
    ])
  ]

const validateMetrics = ({ metrics }: Dataplane): ReadonlyArray<Violation> => {
  if (metrics === undefined) return []
  return metrics["type"] === "prometheus"
    ? validatePrometheus(recordOf(metrics["conf"]), "metrics.conf")
    : [{ field: "metrics.type", message: "unknown backend type. Available backends: \"prometheus\"" }]
}

/** Kuma reports `probes` under networking too. */
const forbid = (present: boolean, name: string, proxy: string): ReadonlyArray<Violation> =>
  violationIf(present, field("networking", name), `${name} cannot be defined for ${proxy}`)

const isFilled = (items: ReadonlyArray<unknown> | undefined): boolean => items !== undefined && items.length > 0

export const validateDataplane = (dataplane: Dataplane): ReadonlyArray<Violation> => {
  const { networking } = dataplane
  if (networking === undefined) return [{ field: "networking", message: "must be defined" }]
  if (networking.gateway === undefined) {
    return [
      ...validateAdmin(networking),
      ...validateEnds(networking),
      ...validateProbes(dataplane),
      ...validateMetrics(dataplane),
      ...validateListeners(networking, "networking.listeners")
    ]
  }
  const isBuiltin = networking.gateway.type === "BUILTIN"
  const proxy = isBuiltin ? "builtin gateways" : "delegated gateways"
  return [
    ...validateAdmin(networking),
    ...forbid(isFilled(networking.inbound), "inbound", proxy),
    ...forbid(isBuiltin && isFilled(networking.outbound), "outbound", proxy),
    ...forbid(isFilled(networking.listeners), "listeners", proxy),
    ...forbid(isBuiltin && dataplane.probes !== undefined, "probes", proxy),
    ...validateGateway(networking),
    ...validateEnds(networking),
    ...(isBuiltin ? [] : validateProbes(dataplane))
  ]
}
