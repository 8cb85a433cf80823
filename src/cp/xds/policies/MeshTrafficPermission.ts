/**
 * Who may call an inbound, as Envoy's RBAC. Receives the mesh's permissions; produces the rules of one inbound of a
 * mesh with mTLS. What no permission allows is denied.
 *
 * Kuma gives each caller the action of the last rule that matches it (`bySpecificity`, then the order in the policy).
 * So a rule that allows stands for its callers, but for those that a later rule denies.
 */
import { hash } from "node:crypto"
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import type { Any } from "@bufbuild/protobuf/wkt"
import type { Inbound } from "../../../model/Dataplane.ts"
import type { Match } from "../../../model/Match.ts"
import type { Policies } from "../../../model/policies.ts"
import type { Resource } from "../../../model/Resource.ts"
import { SERVICE_TAG, type Tags } from "../../../model/Tags.ts"
import {
  type Principal,
  PrincipalSchema,
  type RBAC,
  RBAC_Action,
  RBACSchema
} from "../../proto/envoy/config/rbac/v3/rbac_pb.js"
import { RBACPerRouteSchema } from "../../proto/envoy/extensions/filters/http/rbac/v3/rbac_pb.js"
import type { StringMatcherSchema } from "../../proto/envoy/type/matcher/v3/string_pb.js"
import { kumaId, spiffeId } from "../names.ts"
import { packAny } from "../packAny.ts"
import { onceFor } from "../share/onceFor.ts"
import { tagsOfRef } from "./selection.ts"
import { selectionsOf } from "./Selections.ts"

export class Permissions {
  readonly rules: RBAC
  /** Counts and logs whom `AllowWithShadowDeny` would deny; undefined where nothing says that. */
  readonly shadowRules: RBAC | undefined
  /** As a route has them for its HTTP filter. */
  readonly perRoute: Any
  readonly #key: string

  constructor(rules: RBAC, shadowRules: RBAC | undefined) {
    this.rules = rules
    this.shadowRules = shadowRules
    const rbac = { rules, ...(shadowRules === undefined ? {} : { shadowRules }) }
    this.perRoute = packAny(RBACPerRouteSchema, { rbac })
    this.#key = hash("sha256", this.perRoute.value)
  }

  /** Stands for the whole content. */
  toJSON(): string {
    return this.#key
  }
}

type Action = "Allow" | "Deny" | "AllowWithShadowDeny"

interface Rule {
  readonly callers: Principal
  /** Whether these are all callers: then what came before says nothing any more. */
  readonly everyone: boolean
  readonly action: Action
}

const ANY = create(PrincipalSchema, { identifier: { case: "any", value: true } })

const authenticated = (matcher: MessageInitShape<typeof StringMatcherSchema>): Principal =>
  create(PrincipalSchema, { identifier: { case: "authenticated", value: { principalName: matcher } } })

const all = (ids: ReadonlyArray<Principal>): Principal =>
  ids.length === 1 && ids[0] !== undefined
    ? ids[0]
    : create(PrincipalSchema, { identifier: { case: "andIds", value: { ids: [...ids] } } })

const not = (id: Principal): Principal => create(PrincipalSchema, { identifier: { case: "notId", value: id } })

/** A certificate names each service and each tag of its workload as a URI of its own. */
const withTag = (mesh: string, key: string, value: string): Principal => {
  if (value === "*") {
    const prefix = key === SERVICE_TAG ? spiffeId(mesh, "") : kumaId(key, "")
    return authenticated({ matchPattern: { case: "prefix", value: prefix } })
  }
  const uri = key === SERVICE_TAG ? spiffeId(mesh, value) : kumaId(key, value)
  return authenticated({ matchPattern: { case: "exact", value: uri } })
}

const withTags = (mesh: string, tags: Tags): Principal => {
  const keys = Object.keys(tags).sort()
  return keys.length === 0 ? ANY : all(keys.map((key) => withTag(mesh, key, tags[key] ?? "")))
}

const rulesOf = (mesh: string, policies: ReadonlyArray<Resource<"MeshTrafficPermission">>): ReadonlyArray<Rule> =>
  policies.flatMap((policy) =>
    (policy.spec.from ?? []).flatMap((from): ReadonlyArray<Rule> => {
      const tags = tagsOfRef(from.targetRef)
      const action = from.default?.action
      if (tags === undefined || action === undefined) return []
      return [{ callers: withTags(mesh, tags), everyone: Object.keys(tags).length === 0, action }]
    })
  )

/** Callers whose last rule satisfies the test. */
const whoseLastRule = (rules: ReadonlyArray<Rule>, test: (action: Action) => boolean): ReadonlyArray<Principal> => {
  const start = rules.findLastIndex((rule) => rule.everyone)
  const relevant = rules.slice(Math.max(start, 0))
  return relevant.flatMap((rule, index) => {
    if (!test(rule.action)) return []
    const exceptions = relevant
      .slice(index + 1)
      .filter((later) => !test(later.action))
      .map((later) => not(later.callers))
    return [all([rule.callers, ...exceptions])]
  })
}

const rbac = (action: RBAC_Action, principals: ReadonlyArray<Principal>): RBAC =>
  create(RBACSchema, {
    action,
    policies: principals.length === 0 ? {} : {
      MeshTrafficPermission: {
        permissions: [{ rule: { case: "any", value: true } }],
        principals: [...principals]
      }
    }
  })

const permissions = (allowed: ReadonlyArray<Principal>, shadowDenied: ReadonlyArray<Principal>): Permissions =>
  new Permissions(
    rbac(RBAC_Action.ALLOW, allowed),
    shadowDenied.length === 0 ? undefined : rbac(RBAC_Action.DENY, shadowDenied)
  )

const callersOf = ({ spiffeID: id }: Match): Principal =>
  id === undefined
    ? ANY
    : authenticated({ matchPattern: { case: id.type === "Exact" ? "exact" : "prefix", value: id.value } })

/** Matches by SNI are for zone proxies. Where one stands here it is read so that nobody gets in by it. */
const allowing = (matches: ReadonlyArray<Match> | undefined): ReadonlyArray<Principal> =>
  (matches ?? []).filter((match) => match.sni === undefined).map(callersOf)

/** Kuma's newer form. A deny outweighs every allow, of whichever policy. */
const fromMatches = (policies: ReadonlyArray<Resource<"MeshTrafficPermission">>): Permissions => {
  const rules = policies.flatMap((policy) => policy.spec.rules ?? []).map((rule) => rule.default)
  const denied = rules.flatMap((rule) => rule.deny ?? []).map((match) => not(callersOf(match)))
  const shadow = rules.flatMap((rule) => allowing(rule.allowWithShadowDeny))
  const allowed = [...rules.flatMap((rule) => allowing(rule.allow)), ...shadow]
  return permissions(allowed.map((callers) => all([callers, ...denied])), shadow)
}

type Selected = ReadonlyArray<Resource<"MeshTrafficPermission">>

const fromSelected = (mesh: string, selected: Selected): Permissions => {
  // As Kuma has it: where any selected policy has `rules`, `from` is not looked at.
  if (selected.some((policy) => (policy.spec.rules ?? []).length > 0)) return fromMatches(selected)
  const rules = rulesOf(mesh, selected)
  return permissions(
    whoseLastRule(rules, (action) => action !== "Deny"),
    whoseLastRule(rules, (action) => action === "AllowWithShadowDeny")
  )
}

const selections = selectionsOf("MeshTrafficPermission")

/** By mesh: the callers' identities have its name. */
const permissionsBy = onceFor((_: Selected) => new Map<string, Permissions>())

/** The same object for all inbounds that the same policies are about. */
export const permissionsOf = (
  mesh: string,
  policies: Policies,
  dataplane: Resource<"Dataplane">,
  inbound: Inbound
): Permissions => {
  const selected = selections(policies).inbound(dataplane, inbound)
  const known = permissionsBy(selected)
  const before = known.get(mesh)
  if (before !== undefined) return before
  const after = fromSelected(mesh, selected)
  known.set(mesh, after)
  return after
}
