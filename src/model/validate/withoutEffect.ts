/**
 * Fields that Kuma knows and that do nothing here. What concerns traffic or security is refused: whoever sets it counts
 * on it. Of the rest its author is told. A field that gains its effect loses its line.
 */
import type { DesiredResource, ResourceType } from "../Resource.ts"
import type { Violation } from "../Violation.ts"
import { recordOf } from "./backends.ts"
import { field } from "./violationPath.ts"

interface Rule {
  /** Names under the spec; `[]` stands for each item of a list. */
  readonly path: string
  /** Whether this value asks for something. */
  readonly asks: (value: unknown) => boolean
  readonly refused: boolean
  /** What to do. */
  readonly message: string
}

const isTrue = (value: unknown): boolean => value === true
const isFalse = (value: unknown): boolean => value === false
const isPositive = (value: unknown): boolean => typeof value === "number" && value > 0
const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0
const isBuiltin = (value: unknown): boolean => value === "BUILTIN"
const isGiven = (value: unknown): boolean => value !== undefined

const refuse = (path: string, asks: Rule["asks"], message: string): Rule => ({ path, asks, message, refused: true })
const warn = (path: string, asks: Rule["asks"], message: string): Rule => ({ path, asks, message, refused: false })

const TRANSPARENT = "has no effect: traffic isn't redirected transparently here; leave it out, and list outbounds or " +
  "start the proxy with --bind-outbounds"

const OF_AUTHORITY = "has no effect: an authority that this control plane has itself is asked without delay"

const RULES: { readonly [T in ResourceType]?: ReadonlyArray<Rule> } = {
  Mesh: [
    refuse("routing.localityAwareLoadBalancing", isTrue, "has no effect yet: leave it out; all zones share the load"),
    refuse("routing.zoneEgress", isTrue,
      "has no effect yet: other zones and external services are called straight from each proxy; leave it out"),
    refuse("routing.defaultForbidMeshExternalServiceAccess", isTrue,
      "isn't enforced yet: leave it out, and don't add MeshExternalServices that not all may call"),
    warn("networking.outbound.passthrough", isFalse,
      "has no effect: traffic isn't redirected here, so that calls outside of the mesh don't pass the proxy"),
    warn("mtls.backends[].dpCert.requestTimeout", isGiven, OF_AUTHORITY),
    warn("mtls.backends[].rootChain.requestTimeout", isGiven, OF_AUTHORITY),
    warn("logging", isGiven, "has no effect: it is what TrafficLogs name, and there are none here; write a MeshAccessLog"),
    warn("tracing", isGiven, "has no effect yet: no traces are sent")
  ],
  Dataplane: [
    refuse("networking.transparentProxying.redirectPortInbound", isPositive, TRANSPARENT),
    refuse("networking.transparentProxying.redirectPortOutbound", isPositive, TRANSPARENT),
    refuse("networking.transparentProxying.directAccessServices", isFilled, TRANSPARENT),
    warn("networking.transparentProxying.ipFamilyMode", isGiven, TRANSPARENT),
    warn("networking.gateway.type", isBuiltin,
      "has no effect yet: a builtin gateway listens nowhere; use DELEGATED with a gateway of your own"),
    refuse("networking.listeners", isFilled, "has no effect yet: run a zone proxy with a ZoneIngress or ZoneEgress"),
    warn("probes", isGiven, "has no effect: there are no probes of Kubernetes here")
  ],
  Zone: [
    refuse("enabled", isFalse, "has no effect yet: a zone can't be turned off")
  ]
}

interface Place {
  readonly path: string
  readonly value: unknown
}

const places = (value: unknown, names: ReadonlyArray<string>, path: string): ReadonlyArray<Place> => {
  const [name, ...rest] = names
  if (name === undefined) return [{ path, value }]
  const key = name.replace("[]", "")
  const inner = recordOf(value)[key]
  const at = field(path, key)
  if (!name.endsWith("[]")) return places(inner, rest, at)
  return Array.isArray(inner) ? inner.flatMap((item: unknown, index) => places(item, rest, `${at}[${index}]`)) : []
}

const find = ({ spec, type }: DesiredResource, refused: boolean): ReadonlyArray<Violation> =>
  (RULES[type] ?? [])
    .filter((rule) => rule.refused === refused)
    .flatMap(({ asks, message, path }) =>
      places(spec, path.split("."), "")
        .filter(({ value }) => asks(value))
        .map((place) => ({ field: place.path, message })))

export const violations = (resource: DesiredResource): ReadonlyArray<Violation> => find(resource, true)
export const warnings = (resource: DesiredResource): ReadonlyArray<Violation> => find(resource, false)
