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
import type { Timeouts } from "../policies/MeshTimeout.ts"
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
  readonly timeouts: Timeouts
  readonly retry: RetryConf | null
}

/** All to one cluster. */
export const routeOfAll = (cluster: string, timeouts: Timeouts, retry: RetryConf | null): OutboundRoute => {
  const { backendRefs: _, ...route } = catchAll
  return { ...route, clusters: [{ cluster, weight: 1 }], mirrors: [], timeouts, retry }
}

type Action = MessageInitShape<typeof RouteActionSchema>

const clusterSpecifier = (clusters: ReadonlyArray<WeightedCluster>): NonNullable<Action["clusterSpecifier"]> => {
  const [only, ...others] = clusters
  return only !== undefined && others.length === 0
    ? { case: "cluster", value: only.cluster }
    : {
      case: "weightedClusters",
      value: create(WeightedClusterSchema, { clusters: clusters.map(({ cluster, weight }) => ({ name: cluster, weight })) })
    }
}

const pathCase = ({ pathSpecifier }: RouteMatch): PathCase =>
  pathSpecifier.case === "path" || pathSpecifier.case === "prefix" ? pathSpecifier.case : "other"

const safeMethods = headerMatcher({ type: "RegularExpression", name: ":method", value: SAFE_METHODS })

/** Requests that are retried in another way are another route. */
const byRetries = (
  match: RouteMatch,
  route: OutboundRoute,
  protocol: Protocol
): ReadonlyArray<readonly [RouteMatch, RetryPolicy | undefined]> => {
  const { any, safe } = routeRetries(route.retry, protocol)
  const { method } = route.match
  if (any === safe) return [[match, any]]
  if (method !== undefined) return [[match, new RegExp(`^(${SAFE_METHODS})$`).test(method) ? safe : any]]
  return [[create(RouteMatchSchema, { ...match, headers: [...match.headers, safeMethods] }), safe], [match, any]]
}

const envoyRoutes = (route: OutboundRoute, { protocol, rewritesHost }: OutboundRoutesInput): ReadonlyArray<MessageInitShape<typeof RouteSchema>> => {
  const { clusters, filters, mirrors, timeouts } = route
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
  return routeMatches(route.match).flatMap((match): ReadonlyArray<MessageInitShape<typeof RouteSchema>> => {
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
          ...(rewritesHost ? { hostRewriteSpecifier: { case: "autoHostRewrite", value: create(BoolValueSchema, { value: true }) } } : {}),
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
  /** Whether requests are told by the hostname of whoever gets them. */
  readonly rewritesHost: boolean
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
