/** Which requests a route is for. */
import { create } from "@bufbuild/protobuf"
import type { PathMatch, RouteMatch } from "../../../model/MeshHTTPRoute.ts"
import {
  type QueryParameterMatcher,
  QueryParameterMatcherSchema,
  type RouteMatch as EnvoyMatch,
  RouteMatchSchema
} from "../../proto/envoy/config/route/v3/route_components_pb.js"
import { RegexMatcherSchema } from "../../proto/envoy/type/matcher/v3/regex_pb.js"
import { headerMatcher } from "./headerMatcher.ts"

type PathSpecifier = EnvoyMatch["pathSpecifier"]

/**
 * A prefix ends with a segment of the path. Envoy has that as well (`path_separated_prefix`), but what is left of such
 * a path can't be put behind another prefix without a doubled or missing slash.
 */
const pathSpecifiers = (path: PathMatch | undefined): ReadonlyArray<PathSpecifier> => {
  if (path === undefined) return [{ case: "prefix", value: "/" }]
  switch (path.type) {
    case "Exact":
      return [{ case: "path", value: path.value }]
    case "RegularExpression":
      return [{ case: "safeRegex", value: create(RegexMatcherSchema, { regex: path.value }) }]
    case "PathPrefix": {
      const prefix = path.value.replace(/\/$/, "")
      return prefix === ""
        ? [{ case: "prefix", value: "/" }]
        : [{ case: "path", value: prefix }, { case: "prefix", value: `${prefix}/` }]
    }
  }
}

/** The first of each name, as the Gateway API has it. */
const named = <A extends { readonly name: string }>(list: ReadonlyArray<A> = []): ReadonlyArray<A> =>
  list.filter(({ name }, index) => list.findIndex((one) => one.name === name) === index)

const queryMatcher = ({ name, type, value }: NonNullable<RouteMatch["queryParams"]>[number]): QueryParameterMatcher =>
  create(QueryParameterMatcherSchema, {
    name,
    queryParameterMatchSpecifier: {
      case: "stringMatch",
      value: {
        matchPattern: type === "Exact" ? { case: "exact", value } : { case: "safeRegex", value: { regex: value } }
      }
    }
  })

/** One for each way in which Envoy has to be told of it. */
export const routeMatches = ({ headers, method, path, queryParams }: RouteMatch): ReadonlyArray<EnvoyMatch> =>
  pathSpecifiers(path).map((pathSpecifier) => create(RouteMatchSchema, {
    pathSpecifier,
    headers: [
      ...(method === undefined ? [] : [headerMatcher({ type: "Exact", name: ":method", value: method })]),
      ...named(headers).map(headerMatcher)
    ],
    queryParameters: named(queryParams).map(queryMatcher)
  }))
