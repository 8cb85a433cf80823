/** A MeshHTTPRoute: what it is about, matches, filters and backends that Envoy can be told of. */
import type {
  HeaderModifier, MeshHTTPRoute, PathMatch, PathRewrite, RouteFilter, RouteMatch, RouteRule
} from "../MeshHTTPRoute.ts"
import type { Violation } from "../Violation.ts"
import { validateBackendRef } from "./validateBackendRef.ts"
import { validateHeaderMatch } from "./validateHeaderMatch.ts"
import { validatePercentage, validateWhole } from "./validateNumber.ts"
import { validateTargetRef } from "./validateTargetRef.ts"
import { validateHeaderName, validatePreciseHostname, validateRegex } from "./validateText.ts"
import { field, inEach, violationIf } from "./violationPath.ts"

const TOP_KINDS = ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"]
const DESTINATIONS = ["MeshService", "MeshExternalService", "MeshMultiZoneService"]
const MIRRORS = ["MeshService", "MeshServiceSubset"]

const MAX_HEADER_BYTES = 16_384
const MAX_HEADERS = 16

const validatePath = ({ type, value }: PathMatch, path: string): ReadonlyArray<Violation> => {
  const at = field(path, "value")
  if (value === "") return [{ field: at, message: "in body should be at least 1 chars long" }]
  if (type === "RegularExpression") return validateRegex(at, value)
  return [
    ...violationIf(type === "PathPrefix" && value !== "/" && value.endsWith("/"), at,
      "does not need a trailing slash because only a `/`-separated prefix or an entire path is matched"),
    ...violationIf(!value.startsWith("/"), at, "must be an absolute path"),
    // Envoy matches a path without its query and refuses one that has either.
    ...violationIf(/[?#]/.test(value), at, "must have neither a query nor a fragment")
  ]
}

const validateMatch = ({ headers, path: ofPath, queryParams = [] }: RouteMatch, path: string) => [
  ...(ofPath === undefined ? [] : validatePath(ofPath, field(path, "path"))),
  ...inEach(field(path, "queryParams"), queryParams, ({ name, type, value }, at, index) => [
    ...violationIf(name === "", field(at, "name"), "in body should be at least 1 chars long"),
    ...violationIf(queryParams.findIndex((one) => one.name === name) < index, field(at, "name"),
      `multiple entries for name ${name}`),
    ...(type === "RegularExpression" ? validateRegex(field(at, "value"), value) : [])
  ]),
  ...inEach(field(path, "headers"), headers, validateHeaderMatch)
]

const validateModifier = (modifier: HeaderModifier | undefined, path: string): ReadonlyArray<Violation> => {
  if (modifier === undefined) return [{ field: path, message: "must be defined" }]
  const { add = [], remove = [], set = [] } = modifier
  if (Object.keys(modifier).length === 0) {
    return [{ field: path, message: "must have at least one defined: set, add, remove" }]
  }
  const seen = new Set<string>()
  const judge = (name: string, at: string): ReadonlyArray<Violation> => {
    const isKnown = seen.has(name)
    seen.add(name)
    return [
      ...violationIf(isKnown, at, "duplicate header name"),
      ...(name.startsWith(":") ? [{ field: at, message: "a pseudo header can't be modified" }]
        : validateHeaderName(at, name.toLowerCase())),
      // Envoy refuses a listener that does.
      ...violationIf(name.toLowerCase() === "host", at,
        "can't be modified by a header modifier: use a URLRewrite filter with hostname")
    ]
  }
  const named = ({ name, value }: { readonly name: string; readonly value: string }, at: string) => [
    ...judge(name, field(at, "name")),
    // Envoy refuses a listener that has one; a percent sign may be written as two.
    ...violationIf(/[\0\r\n]/.test(value), field(at, "value"), "must be one line: a block of YAML ends with a line feed " +
      "unless it begins with |- or >-"),
    ...violationIf(Buffer.byteLength(value.replaceAll("%", "%%")) > MAX_HEADER_BYTES, field(at, "value"),
      `must be at most ${MAX_HEADER_BYTES} bytes long`)
  ]
  return [
    ...Object.entries({ set, add, remove }).flatMap(([name, list]) =>
      violationIf(list.length > MAX_HEADERS, field(path, name), `in body should have at most ${MAX_HEADERS} items`)),
    ...inEach(field(path, "set"), set, named),
    ...inEach(field(path, "add"), add, named),
    ...inEach(field(path, "remove"), remove, (name, at) => judge(name, field(at, "name")))
  ]
}

const validateRewrite = (rewrite: PathRewrite | undefined, rule: RouteRule, path: string): ReadonlyArray<Violation> => {
  if (rewrite === undefined) return []
  const [name, value] = rewrite.type === "ReplaceFullPath"
    ? ["replaceFullPath", rewrite.replaceFullPath] as const
    : ["replacePrefixMatch", rewrite.replacePrefixMatch] as const
  return [
    ...violationIf(value === undefined, field(path, name), "must be defined"),
    ...violationIf(
      rewrite.replacePrefixMatch !== undefined && rule.matches.some((match) => match.path?.type !== "PathPrefix"),
      field(path, "replacePrefixMatch"), "can only appear if all matches match a path prefix")
  ]
}

const validateFilter = (filter: RouteFilter, rule: RouteRule, path: string): ReadonlyArray<Violation> => {
  const undefinedAt = (name: string): ReadonlyArray<Violation> =>
    violationIf(true, field(path, name), "must be defined")
  switch (filter.type) {
    case "RequestHeaderModifier":
      return validateModifier(filter.requestHeaderModifier, field(path, "requestHeaderModifier"))
    case "ResponseHeaderModifier":
      return validateModifier(filter.responseHeaderModifier, field(path, "responseHeaderModifier"))
    case "RequestRedirect": {
      const at = field(path, "requestRedirect")
      const { requestRedirect } = filter
      return requestRedirect === undefined ? undefinedAt("requestRedirect") : [
        ...validateRewrite(requestRedirect.path, rule, field(at, "path")),
        ...validatePreciseHostname(field(at, "hostname"), requestRedirect.hostname),
        ...validateWhole(field(at, "port"), requestRedirect.port, 1),
        ...violationIf((requestRedirect.port ?? 0) > 65_535, field(at, "port"),
          "in body should be less than or equal to 65535")
      ]
    }
    case "URLRewrite": {
      const at = field(path, "urlRewrite")
      const { urlRewrite } = filter
      return urlRewrite === undefined ? undefinedAt("urlRewrite") : [
        ...validateRewrite(urlRewrite.path, rule, field(at, "path")),
        ...validatePreciseHostname(field(at, "hostname"), urlRewrite.hostname),
        ...violationIf(urlRewrite.hostToBackendHostname === true, field(at, "hostToBackendHostname"),
          "can only be set with MeshGateway"),
        ...violationIf(urlRewrite.hostToBackendHostname === true && urlRewrite.hostname !== undefined,
          field(at, "hostToBackendHostname"), "cannot be set together with hostname")
      ]
    }
    case "RequestMirror": {
      const at = field(path, "requestMirror")
      const { requestMirror } = filter
      if (requestMirror === undefined) return undefinedAt("requestMirror")
      const { backendRef, percentage } = requestMirror
      const wrongKind = validateTargetRef(backendRef, field(at, "backendRef"), { kinds: MIRRORS })
      return [
        ...(wrongKind.length > 0 ? wrongKind : validateBackendRef(backendRef, field(at, "backendRef"))),
        ...validatePercentage(field(at, "percentage"), percentage)
      ]
    }
  }
}

/** What Envoy has one place for on a route. */
const ONCE: ReadonlyArray<RouteFilter["type"]> = ["RequestRedirect", "URLRewrite"]

const validateRule = (rule: RouteRule, path: string): ReadonlyArray<Violation> => {
  const filters = rule.default.filters ?? []
  const at = field(path, "default.filters")
  return [
    ...violationIf(rule.matches.length === 0, field(path, "matches"), "in body should have at least 1 items"),
    ...inEach(field(path, "matches"), rule.matches, validateMatch),
    ...inEach(at, filters, (filter, path, index) => [
      ...validateFilter(filter, rule, path),
      ...violationIf(
        ONCE.includes(filter.type) && filters.findIndex(({ type }) => type === filter.type) < index,
        field(path, "type"), `${filter.type} must only be specified once`)
    ]),
    ...violationIf(ONCE.every((type) => filters.some((filter) => filter.type === type)), at,
      "a RequestRedirect sends no request that a URLRewrite could change: only one of them can be specified"),
    ...inEach(field(path, "default.backendRefs"), rule.default.backendRefs, validateBackendRef)
  ]
}

const validateDestinations = (to: MeshHTTPRoute["to"]): ReadonlyArray<Violation> =>
  inEach("spec.to", to, (item, path) => [
    ...validateTargetRef(item.targetRef, field(path, "targetRef"), { kinds: DESTINATIONS }),
    ...inEach(field(path, "rules"), item.rules, validateRule),
    ...violationIf((item.hostnames ?? []).length > 0, field(path, "hostnames"), "must not be defined")
  ])

export const validateMeshHTTPRoute = ({ targetRef, to }: MeshHTTPRoute): ReadonlyArray<Violation> => [
  ...(targetRef === undefined ? [] : validateTargetRef(targetRef, "spec.targetRef", { kinds: TOP_KINDS })),
  // A gateway's route says what no other may, and is refused for being one.
  ...(targetRef?.kind === "MeshGateway" ? [] : validateDestinations(to))
]
