/** Where what the workload sends to one of its outbounds goes. */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { BoolValueSchema } from "@bufbuild/protobuf/wkt"
import type { RetryConf } from "../../../model/MeshRetry.ts"
import type { RouteConfigurationSchema } from "../../proto/envoy/config/route/v3/route_pb.js"
import {
  type RetryPolicy,
  type RouteMatch,
  RouteMatchSchema,
  type RouteActionSchema,
  type RouteSchema,
  WeightedClusterSchema
} from "../../proto/envoy/config/route/v3/route_components_pb.js"
import type { Protocol } from "../../snapshot/Protocol.ts"
import { duration } from "../duration.ts"
import { outboundRouteName } from "../names.ts"
import { catchAll, type HttpRoute } from "../policies/MeshHTTPRoute.ts"
import { routeRetries } from "../policies/MeshRetry.ts"
import type { RouteTimeouts } from "../policies/MeshTimeout.ts"
import { headerMatcher } from "./headerMatcher.ts"
import { SAFE_METHODS, UNDELIVERED } from "./retry.ts"
import { mirror, modified, type PathCase, redirect, urlRewrite } from "./routeFilters.ts"
import { routeMatches } from "./routeMatch.ts"

export interface WeightedCluster {
  readonly cluster: string
  /** Of the sum of all; at least 1. */
  readonly weight: number
}

export interface OutboundRoute extends Omit<HttpRoute, "backendRefs"> {
  readonly clusters: ReadonlyArray<WeightedCluster>
  /** Of the filters that mirror, in their order. */
  readonly mirrors: ReadonlyArray<string>
  readonly timeouts: RouteTimeouts
  readonly retry: RetryConf | null
  /** Whether requests are told by the hostname of whoever gets them. */
  readonly rewritesHost: boolean
}

/** All to one cluster. */
export const routeOfAll = (
  cluster: string,
  how: Pick<OutboundRoute, "timeouts" | "retry" | "rewritesHost">
): OutboundRoute => {
  const { backendRefs: _, ...route } = catchAll
  return { ...route, ...how, clusters: [{ cluster, weight: 1 }], mirrors: [] }
}

type Action = MessageInitShape<typeof RouteActionSchema>

const clusterSpecifier = (clusters: ReadonlyArray<WeightedCluster>): NonNullable<Action["clusterSpecifier"]> => {
  const [only, ...others] = clusters
  return only !== undefined && others.length === 0
    ? { case: "cluster", value: only.cluster }
    : {
      case: "weightedClusters",
      value: create(WeightedClusterSchema, {
        clusters: clusters.map(({ cluster, weight }) => ({ name: cluster, weight }))
      })
    }
}

const pathCase = ({ pathSpecifier }: RouteMatch): PathCase =>
  pathSpecifier.case === "path" || pathSpecifier.case === "prefix" ? pathSpecifier.case : "other"

const safeMethods = headerMatcher({ type: "RegularExpression", name: ":method", value: SAFE_METHODS })

/** Each is told by the hostname that whoever gets it is found by, where it is by one. */
const autoHostRewrite = {
  hostRewriteSpecifier: { case: "autoHostRewrite", value: create(BoolValueSchema, { value: true }) }
} as const

/** Requests that are retried in another way are another route. */
const byRetries = (
  match: RouteMatch,
  route: OutboundRoute,
  protocol: Protocol
): ReadonlyArray<readonly [RouteMatch, RetryPolicy | undefined]> => {
  const { other, safe } = routeRetries(route.retry, protocol)
  const { method } = route.match
  if (other === safe) return [[match, other]]
  if (method !== undefined) return [[match, new RegExp(`^(${SAFE_METHODS})$`).test(method) ? safe : other]]
  return [[create(RouteMatchSchema, { ...match, headers: [...match.headers, safeMethods] }), safe], [match, other]]
}

type EnvoyRoute = MessageInitShape<typeof RouteSchema>

const envoyRoutes = (
  route: OutboundRoute,
  { protocol }: OutboundRoutesInput
): ReadonlyArray<EnvoyRoute> => {
  const { clusters, filters, mirrors, rewritesHost, timeouts } = route
  const requests = modified(filters.flatMap(({ requestHeaderModifier, type }) =>
    type === "RequestHeaderModifier" ? requestHeaderModifier ?? [] : []))
  const responses = modified(filters.flatMap(({ responseHeaderModifier, type }) =>
    type === "ResponseHeaderModifier" ? responseHeaderModifier ?? [] : []))
  const redirection = filters.find(({ type }) => type === "RequestRedirect")?.requestRedirect
  const rewrite = filters.find(({ type }) => type === "URLRewrite")?.urlRewrite
  const percentages = filters.flatMap(({ requestMirror, type }) =>
    type === "RequestMirror" && requestMirror !== undefined ? [requestMirror.percentage] : [])
  const common = {
    name: route.id.hash,
    requestHeadersToAdd: requests.toAdd,
    requestHeadersToRemove: requests.toRemove,
    responseHeadersToAdd: responses.toAdd,
    responseHeadersToRemove: responses.toRemove
  }
  return routeMatches(route.match).flatMap((match): ReadonlyArray<EnvoyRoute> => {
    if (redirection !== undefined) {
      return [{ ...common, match, action: { case: "redirect", value: redirect(redirection, pathCase(match)) } }]
    }
    // Nobody is to get them: no other route either.
    if (clusters.length === 0) return [{ ...common, match, action: { case: "directResponse", value: { status: 500 } } }]
    return byRetries(match, route, protocol).map(([ofMethods, retryPolicy]) => ({
      ...common,
      match: ofMethods,
      action: {
        case: "route",
        value: {
          clusterSpecifier: clusterSpecifier(clusters),
          timeout: duration(timeouts.request),
          idleTimeout: duration(timeouts.streamIdle),
          ...(retryPolicy === undefined ? {} : { retryPolicy }),
          ...(rewritesHost ? autoHostRewrite : {}),
          ...(rewrite === undefined ? {} : urlRewrite(rewrite, pathCase(match))),
          requestMirrorPolicies: mirrors.map((cluster, index) => mirror(cluster, percentages[index]))
        }
      }
    }))
  })
}

export interface OutboundRoutesInput {
  readonly service: string
  readonly routes: ReadonlyArray<OutboundRoute>
  readonly protocol: Protocol
}

export const outboundRoutes = (input: OutboundRoutesInput): MessageInitShape<typeof RouteConfigurationSchema> => ({
  name: outboundRouteName(input.service),
  // A route may name a cluster that Envoy hears of a moment later.
  validateClusters: false,
  responseHeadersToRemove: [UNDELIVERED],
  virtualHosts: [{
    name: input.service,
    domains: ["*"],
    routes: input.routes.flatMap((route) => [...envoyRoutes(route, input)])
  }]
})
