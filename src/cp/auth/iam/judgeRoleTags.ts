/** Whether a role's tags allow the claim; every violation at once. Pure. */
import { Result } from "effect"
import type { ProxyId } from "../../../model/ProxyType.ts"
import type { ObservedRole } from "../../../model/EcsTask.ts"
import { judgeTags } from "../../../model/tagrules/judgeTags.ts"
import type { Refused } from "../Authenticator.ts"
import type { DeclaredProxy } from "../declaredProxy.ts"
import { refuse } from "../refuse.ts"

export const judgeRoleTags = (
  role: ObservedRole,
  claim: ProxyId,
  declared: DeclaredProxy | undefined
): Result.Result<void, Refused> => {
  const [first, ...others] = judgeTags({
    proxyType: claim.proxyType,
    mesh: claim.mesh,
    roleArn: role.arn,
    roleTags: role.tags,
    ...(declared?.services === undefined ? {} : { services: declared.services }),
    ...(declared?.workload === undefined ? {} : { workload: declared.workload })
  })
  return first === undefined
    ? Result.succeed(undefined)
    : refuse(first.reason, [first, ...others].map(({ message }) => message).join("; "))
}
