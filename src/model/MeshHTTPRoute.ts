/** Where which requests to a service go, and what is changed on them. Kuma's `MeshHTTPRoute`. */
import { Effect, Schema } from "effect"
import { BackendRef } from "./BackendRef.ts"
import { HeaderMatch } from "./HeaderMatch.ts"
import { TargetRef } from "./TargetRef.ts"

const Text = Schema.optionalKey(Schema.String)

export const PathMatch = Schema.Struct({
  value: Schema.String,
  type: Schema.Literals(["Exact", "PathPrefix", "RegularExpression"])
})
export type PathMatch = typeof PathMatch.Type

export const RouteMatch = Schema.Struct({
  path: Schema.optionalKey(PathMatch),
  method: Schema.optionalKey(
    Schema.Literals(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"])
  ),
  queryParams: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        type: Schema.Literals(["Exact", "RegularExpression"]),
        name: Schema.String,
        value: Schema.String
      })
    )
  ),
  headers: Schema.optionalKey(Schema.Array(HeaderMatch))
})
export type RouteMatch = typeof RouteMatch.Type

const HeaderValues = Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String, value: Schema.String })))

export const HeaderModifier = Schema.Struct({
  set: HeaderValues,
  add: HeaderValues,
  remove: Schema.optionalKey(Schema.Array(Schema.String))
})
export type HeaderModifier = typeof HeaderModifier.Type

export const PathRewrite = Schema.Struct({
  type: Schema.Literals(["ReplaceFullPath", "ReplacePrefixMatch"]),
  replaceFullPath: Text,
  replacePrefixMatch: Text
})
export type PathRewrite = typeof PathRewrite.Type

export const RequestRedirect = Schema.Struct({
  scheme: Schema.optionalKey(Schema.Literals(["http", "https"])),
  hostname: Text,
  path: Schema.optionalKey(PathRewrite),
  port: Schema.optionalKey(Schema.Number),
  statusCode: Schema.Literals([301, 302, 303, 307, 308]).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(302 as const))
  )
})
export type RequestRedirect = typeof RequestRedirect.Type

export const UrlRewrite = Schema.Struct({
  hostname: Text,
  path: Schema.optionalKey(PathRewrite),
  hostToBackendHostname: Schema.optionalKey(Schema.Boolean)
})
export type UrlRewrite = typeof UrlRewrite.Type

export const RequestMirror = Schema.Struct({
  /** Of the requests; a number, or a decimal number as text. */
  percentage: Schema.optionalKey(Schema.Union([Schema.Number, Schema.String])),
  backendRef: BackendRef
})
export type RequestMirror = typeof RequestMirror.Type

export const RouteFilter = Schema.Struct({
  type: Schema.Literals([
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestRedirect",
    "URLRewrite",
    "RequestMirror"
  ]),
  requestHeaderModifier: Schema.optionalKey(HeaderModifier),
  responseHeaderModifier: Schema.optionalKey(HeaderModifier),
  requestRedirect: Schema.optionalKey(RequestRedirect),
  urlRewrite: Schema.optionalKey(UrlRewrite),
  requestMirror: Schema.optionalKey(RequestMirror)
})
export type RouteFilter = typeof RouteFilter.Type

export const RouteConf = Schema.Struct({
  filters: Schema.optionalKey(Schema.Array(RouteFilter)),
  backendRefs: Schema.optionalKey(Schema.Array(BackendRef))
})
export type RouteConf = typeof RouteConf.Type

export const RouteRule = Schema.Struct({ matches: Schema.Array(RouteMatch), default: RouteConf })
export type RouteRule = typeof RouteRule.Type

export const MeshHTTPRoute = Schema.Struct({
  targetRef: Schema.optionalKey(TargetRef),
  to: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        hostnames: Schema.optionalKey(Schema.Array(Schema.String)),
        targetRef: TargetRef,
        rules: Schema.Array(RouteRule)
      })
    )
  )
})
export type MeshHTTPRoute = typeof MeshHTTPRoute.Type
