/** Which resources of a list are asked for: by name, by label, and Dataplanes by tag and kind of gateway. */
import { Effect } from "effect"
import { isType, type Resource } from "../../model/Resource.ts"
import type { Tags } from "../../model/Tags.ts"
import { tagSets } from "../../model/tagSets.ts"
import { invalid, type Refusal } from "./Refusal.ts"

export type Filter = (resource: Resource) => boolean

const GATEWAYS = ["true", "false", "builtin", "delegated"]

const gatewayMatches = (wanted: string, gateway: { readonly type?: string } | undefined): boolean => {
  if (wanted === "false") return gateway === undefined
  if (wanted === "true") return gateway !== undefined
  return gateway !== undefined && (gateway.type ?? "DELEGATED").toLowerCase() === wanted
}

/** `k:v`; the value may contain a colon, and need be only a part of the tag's. */
const hasTags = (tags: Tags, wanted: ReadonlyArray<readonly [string, string]>): boolean =>
  wanted.every(([name, value]) => Object.hasOwn(tags, name) && tags[name]?.includes(value) === true)

const parseTag = (text: string): readonly [string, string] => {
  const colon = text.indexOf(":")
  return colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)]
}

const LABEL_FILTER = /^filter\[labels\.([^\]]+)\]$/

/** Null where all are asked for. */
export const listFilter = (query: URLSearchParams): Effect.Effect<Filter | null, Refusal> => {
  const name = query.get("name") ?? ""
  const gateway = query.get("gateway") ?? ""
  const wantedTags = query.getAll("tag").map(parseTag)
  const filters = [...query].filter(([key]) => key.startsWith("filter["))
  const labels = filters.flatMap(([key, value]) => {
    const label = LABEL_FILTER.exec(key)?.[1]
    return label === undefined ? [] : [[label, value] as const]
  })
  const violations = [
    ...filters.filter(([key]) => !LABEL_FILTER.test(key))
      .map(([field]) => ({ field, message: "filters are only supported on labels" })),
    ...(gateway === "" || GATEWAYS.includes(gateway)
      ? []
      : [{ field: "gateway", message: `must be one of: ${GATEWAYS.join(", ")}` }])
  ]
  if (violations.length > 0) return Effect.fail(invalid("Could not retrieve resources", violations))
  if (name === "" && gateway === "" && wantedTags.length === 0 && labels.length === 0) return Effect.succeed(null)
  return Effect.succeed((resource) => {
    if (!resource.name.includes(name)) return false
    if (!labels.every(([label, value]) => resource.labels[label] === value)) return false
    if (!isType("Dataplane", resource)) return true
    if (gateway !== "" && !gatewayMatches(gateway, resource.spec.networking?.gateway)) return false
    return wantedTags.length === 0 || tagSets(resource.spec).some((tags) => hasTags(tags, wantedTags))
  })
}
