/** Whether what a proxy brought along is what its token was made for: asked before it is put into the store. Pure. */
import { Result } from "effect"
import { WORKLOAD_TAG } from "../../model/Tags.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { judgeTokenTags } from "../auth/token/judgeClaims.ts"
import { type ProxyResource, tagSets } from "./declaredProxy.ts"

/** Null: it is. Zone proxies' tokens speak of no tags. */
export const judgeDeclared = (identity: Identity, resource: ProxyResource): Refused | null => {
  if (identity.method !== "dataplane-token" || resource.type !== "Dataplane") return null
  const tags = new Map<string, Set<string>>()
  for (const set of tagSets(resource)) {
    for (const [tag, value] of Object.entries(set)) tags.set(tag, (tags.get(tag) ?? new Set()).add(value))
  }
  const judged = judgeTokenTags(identity.tags, identity.workload, {
    address: resource.spec.networking?.address,
    tags,
    services: undefined,
    workload: resource.labels[WORKLOAD_TAG] ?? ""
  })
  return Result.isFailure(judged) ? judged.failure : null
}
