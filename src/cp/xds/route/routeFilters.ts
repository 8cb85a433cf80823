/** What a route changes on its requests and responses, and whom it tells of them beside. */
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { isEnvoyWord } from "../../../model/logCommands.ts"
import { readFormat } from "../../../model/logFormat.ts"
import type { HeaderModifier, PathRewrite, RequestRedirect, UrlRewrite } from "../../../model/MeshHTTPRoute.ts"
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOptionSchema
} from "../../proto/envoy/config/core/v3/base_pb.js"
import {
  RedirectAction_RedirectResponseCode as Code,
  type RedirectAction,
  RedirectActionSchema,
  type RouteAction_RequestMirrorPolicySchema
} from "../../proto/envoy/config/route/v3/route_components_pb.js"
import {
  type RegexMatchAndSubstitute,
  RegexMatchAndSubstituteSchema
} from "../../proto/envoy/type/matcher/v3/regex_pb.js"
import { FractionalPercent_DenominatorType as Denominator } from "../../proto/envoy/type/v3/percent_pb.js"

/** Envoy's own words (`%REQ(x)%`) stay; any other percent sign is one. */
export const headerValue = (value: string): string =>
  Array.from(readFormat(value, isEnvoyWord), (piece) => (piece._tag === "Percent" ? "%%" : piece.text)).join("")

type HeaderOption = MessageInitShape<typeof HeaderValueOptionSchema>

const options = ({ add = [], set = [] }: HeaderModifier): Array<HeaderOption> => {
  const as = (appendAction: AppendAction) => ({ name, value }: { readonly name: string; readonly value: string }) => ({
    header: { key: name, value: headerValue(value) },
    appendAction,
    keepEmptyValue: true
  })
  return [
    ...set.map(as(AppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.map(as(AppendAction.APPEND_IF_EXISTS_OR_ADD))
  ]
}

export const modified = (modifiers: ReadonlyArray<HeaderModifier>) => ({
  toAdd: modifiers.flatMap(options),
  toRemove: modifiers.flatMap(({ remove = [] }) => remove)
})

/** In place of the whole path; a backslash would name a group. */
const wholePath = (path: string): RegexMatchAndSubstitute =>
  create(RegexMatchAndSubstituteSchema, {
    pattern: { regex: ".*" },
    substitution: path.replaceAll("\\", "\\\\")
  })

/** How a route's match names the path. */
export type PathCase = "path" | "prefix" | "other"

/** `prefix`: in place of the prefix that matched, which ends with a slash. */
const rewritten = (rewrite: PathRewrite | undefined, matched: PathCase) => {
  if (rewrite === undefined) return null
  if (rewrite.type === "ReplaceFullPath") return { whole: wholePath(rewrite.replaceFullPath ?? "/"), prefix: null }
  const replacement = rewrite.replacePrefixMatch ?? "/"
  if (matched === "path") return { whole: wholePath(replacement === "" ? "/" : replacement), prefix: null }
  return matched === "prefix" ? { whole: null, prefix: `${replacement.replace(/\/$/, "")}/` } : null
}

const CODES = {
  301: Code.MOVED_PERMANENTLY,
  302: Code.FOUND,
  303: Code.SEE_OTHER,
  307: Code.TEMPORARY_REDIRECT,
  308: Code.PERMANENT_REDIRECT
} as const

export const redirect = (to: RequestRedirect, matched: PathCase): RedirectAction => {
  const path = rewritten(to.path, matched)
  return create(RedirectActionSchema, {
    responseCode: CODES[to.statusCode],
    ...(to.hostname === undefined ? {} : { hostRedirect: to.hostname }),
    ...(to.port === undefined ? {} : { portRedirect: to.port }),
    ...(to.scheme === undefined ? {} : { schemeRewriteSpecifier: { case: "schemeRedirect", value: to.scheme } }),
    ...(path === null ? {} : {
      pathRewriteSpecifier: path.whole === null
        ? { case: "prefixRewrite", value: path.prefix }
        : { case: "regexRewrite", value: path.whole }
    })
  })
}

/** Fields of a route's action. */
export const urlRewrite = ({ hostname, path: rewrite }: UrlRewrite, matched: PathCase) => {
  const path = rewritten(rewrite, matched)
  return {
    ...(hostname === undefined
      ? {}
      : { hostRewriteSpecifier: { case: "hostRewriteLiteral", value: hostname } as const }),
    ...(path === null ? {} : path.whole === null ? { prefixRewrite: path.prefix } : { regexRewrite: path.whole })
  }
}

const MILLION = 1_000_000

/** `percentage`: undefined for all. */
export const mirror = (
  cluster: string,
  percentage: number | string | undefined
): MessageInitShape<typeof RouteAction_RequestMirrorPolicySchema> => ({
  cluster,
  ...(percentage === undefined ? {} : {
    runtimeFraction: {
      defaultValue: { numerator: Math.round(Number(percentage) * (MILLION / 100)), denominator: Denominator.MILLION }
    }
  })
})
