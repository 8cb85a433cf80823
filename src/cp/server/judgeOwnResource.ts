/** Whether what a proxy brought along is what its token was made for: asked before it is put into the store. Pure. */
import { Result } from "effect"
import type { ProxyResource } from "../../model/proxyResource.ts"
import type { Identity, Refused } from "../auth/Authenticator.ts"
import { declaredIn } from "../auth/declaredProxy.ts"
import { judgeTokenTags } from "../auth/token/judgeClaims.ts"

/** Null: it is. Zone proxies' tokens speak of no tags. */
export const judgeOwnResource = (identity: Identity, resource: ProxyResource): Refused | null => {
  if (identity.method !== "dataplane-token" || resource.type !== "Dataplane") return null
  const judged = judgeTokenTags(identity.tags, identity.workload, declaredIn(resource))
  return Result.isFailure(judged) ? judged.failure : null
}
