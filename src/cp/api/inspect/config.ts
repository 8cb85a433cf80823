/** What a proxy is to have, as policies are in force, or as they would be if those that only show were, too. */
import { Effect } from "effect"
import { jsonDiff } from "../../inspect/jsonDiff.ts"
import { configRenderer, configResources, proxyConfig } from "../../inspect/proxyConfig.ts"
import { zoneInForce } from "../../inspect/shadow.ts"
import type { ProxyId } from "../../../model/ProxyType.ts"
import type { ZoneView } from "../../snapshot/MeshView.ts"
import type { TranslateSettings } from "../../xds/TranslateSettings.ts"
import { badRequest, notFound, type Refusal } from "../Refusal.ts"
import { mapInSlices, othersTurn } from "../Turns.ts"
import { json, requireView } from "./answers.ts"
import { elsewhere } from "./elsewhere.ts"
import type { InspectEntry, Question } from "./InspectEntry.ts"

const unsupported = (parameter: string) =>
  Effect.fail(badRequest(`bad request: unsupported value for query parameter '${parameter}'`))

/** A flag that only stands there is on. */
const readShadow = (query: URLSearchParams): Effect.Effect<boolean, Refusal> => {
  const shadow = query.get("shadow")
  if (shadow === null || /^(0|f|false)$/i.test(shadow)) return Effect.succeed(false)
  return /^(|1|t|true)$/i.test(shadow) ? Effect.succeed(true) : unsupported("shadow")
}

const readInclude = (query: URLSearchParams): Effect.Effect<boolean, Refusal> => {
  const include = query.getAll("include").flatMap((one) => one.split(",")).filter((one) => one !== "")
  return include.every((one) => one === "diff") ? Effect.succeed(include.length > 0) : unsupported("include")
}

/** Null where the proxy's resource isn't there. */
const computed = (
  zone: ZoneView,
  proxy: ProxyId,
  settings: TranslateSettings,
  render: ReturnType<typeof configRenderer>
) =>
  Effect.gen(function*() {
    const found = configResources(zone, proxy, settings)
    if (found === null) return null
    yield* othersTurn
    const parts = yield* mapInSlices(found.resources, render)
    yield* othersTurn
    return proxyConfig(parts, found)
  })

const answerConfig = (question: Question) =>
  Effect.gen(function*() {
    const { inspector, parameter, request } = question
    const view = yield* requireView(question)
    const isShadow = yield* readShadow(request.query)
    const withDiff = yield* readInclude(request.query)
    const proxy: ProxyId = { proxyType: "dataplane", mesh: view.mesh, name: parameter("name") }
    const missing = notFound("Failed to fetch dataplane insight")
    const insight = inspector.resources.get({ type: "DataplaneInsight", mesh: view.mesh, name: proxy.name })
    // Who never connected hasn't said what its host is like.
    if (insight === undefined) return yield* missing
    const refusal = elsewhere(inspector, proxy, insight.spec, "Failed to fetch dataplane insight")
    if (refusal !== null) return yield* refusal
    const settings = inspector.settings(proxy)
    const render = configRenderer()
    const current = yield* computed(inspector.zone, proxy, settings, render)
    if (isShadow) yield* othersTurn
    const xds = isShadow ? yield* computed(zoneInForce(inspector.zone, view), proxy, settings, render) : current
    if (current === null || xds === null) return yield* missing
    if (withDiff) yield* othersTurn
    return json({ ...(withDiff ? { diff: jsonDiff(current, xds) } : {}), xds })
  })

export const configEntries: ReadonlyArray<InspectEntry> = [
  {
    path: "/meshes/{mesh}/dataplanes/{name}/_config",
    summary: "What a proxy is to have, and what policies that only show would change in it",
    query: ["shadow", "include"],
    reserved: { action: "viewConfigDump", what: "envoy config dump" },
    answer: answerConfig
  }
]
