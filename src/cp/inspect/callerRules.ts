/** What policies say of those who call one inbound. Pure. */
import type { Inbound } from "../../model/Dataplane.ts"
import { type Policy, policiesOf } from "../../model/policies.ts"
import type { Resource } from "../../model/Resource.ts"
import type { Tags } from "../../model/Tags.ts"
import type { MeshView } from "../snapshot/MeshView.ts"
import { selectsInbound, tagsMatch, tagsOfRef } from "../xds/policies/selection.ts"
import { mergeSaid } from "./mergeSaid.ts"
import { type Conf, type Said, saidIn } from "./policyParts.ts"

/** One tag of a caller. */
export interface Matcher {
  readonly key: string
  readonly value: string
  /** It mustn't have that. */
  readonly not: boolean
}

export interface FromRule {
  readonly matchers: ReadonlyArray<Matcher>
  readonly said: ReadonlyArray<Said>
  readonly conf: Conf
}

/** Of those policies, the ones that are about the inbound. */
export const ofInbound = (
  view: MeshView,
  policies: ReadonlyArray<Policy>,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): ReadonlyArray<Policy> => {
  const routes = policiesOf(view.policies, "MeshHTTPRoute")
  return policies.filter((policy) => selectsInbound(policy, dataplane, inbound, routes))
}

/** More kinds of callers than that nobody reads. */
const MOST_KINDS = 256

/** Each way in which callers can differ by the tags that somebody names: by one of the values, or by none of them. */
const kindsOf = (sets: ReadonlyArray<Tags>): ReadonlyArray<ReadonlyArray<Matcher>> => {
  const values = new Map<string, Set<string>>()
  for (const [key, value] of sets.flatMap((tags) => Object.entries(tags))) {
    values.set(key, (values.get(key) ?? new Set()).add(value))
  }
  let kinds: ReadonlyArray<ReadonlyArray<Matcher>> = [[]]
  for (const [key, named] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const choices: ReadonlyArray<ReadonlyArray<Matcher>> = [
      ...[...named].sort().map((value) => [{ key, value, not: false }]),
      [...named].sort().map((value) => ({ key, value, not: true }))
    ]
    if (kinds.length * choices.length > MOST_KINDS) break
    kinds = kinds.flatMap((kind) => choices.map((choice) => [...kind, ...choice]))
  }
  return kinds
}

/** By the callers' tags: `from`, Kuma's older form. */
export const fromRules = (policies: ReadonlyArray<Policy>): ReadonlyArray<FromRule> => {
  const all = policies.flatMap((policy) => saidIn(policy, "from")).flatMap((said) => {
    const tags = tagsOfRef(said.targetRef)
    return tags === undefined ? [] : [{ said, tags }]
  })
  return kindsOf(all.map(({ tags }) => tags)).flatMap((matchers): ReadonlyArray<FromRule> => {
    const has = Object.fromEntries(matchers.filter(({ not }) => !not).map(({ key, value }) => [key, value]))
    const said = all.filter(({ tags }) => tagsMatch(tags, has)).map((one) => one.said)
    return said.length === 0 ? [] : [{ matchers, said, conf: mergeSaid(said) }]
  })
}

/** By what the callers ask for: `rules`, and what `from` says of all callers, each on its own. */
export const inboundRules = (policies: ReadonlyArray<Policy>): ReadonlyArray<Said> =>
  policies.flatMap((policy) => {
    const rules = saidIn(policy, "rules")
    // Who may call is said of callers, never of all.
    if (rules.length > 0 || policy.type === "MeshTrafficPermission") return rules
    return saidIn(policy, "from").filter(({ targetRef }) => (targetRef.kind ?? "Mesh") === "Mesh")
  })
