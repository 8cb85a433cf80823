/** Whether a token's claims allow what a proxy claims to be. Pure. */
import { Result } from "effect"
import type { ProxyId } from "../../../model/ProxyType.ts"
import { WORKLOAD_TAG } from "../../../model/Tags.ts"
import type { Refused } from "../Authenticator.ts"
import type { DeclaredProxy } from "../declaredProxy.ts"
import { refuse } from "../refuse.ts"
import type { DataplaneClaims, ZoneClaims } from "./claims.ts"

type Judgement = Result.Result<void, Refused>
const passed: Judgement = Result.succeed(undefined)

export const judgeDataplaneClaims = (claims: DataplaneClaims, proxy: ProxyId): Judgement => {
  const { Name: name = "", Mesh: mesh = "", Type: type = "" } = claims
  if (name !== "" && name !== proxy.name) {
    return refuse("TokenNameMismatch", `proxy name from requestor: ${proxy.name} is different than in token: ${name}`)
  }
  if (mesh !== "" && mesh !== proxy.mesh) {
    return refuse("TokenMeshMismatch", `proxy mesh from requestor: ${proxy.mesh} is different than in token: ${mesh}`)
  }
  if (type !== "" && type !== proxy.proxyType) {
    return refuse(
      "TokenTypeMismatch",
      `proxy type from requestor: ${proxy.proxyType} is different than in token: ${type}`
    )
  }
  return passed
}

/** What a token demands of the Dataplane: each tag there, with no other than the allowed values, and the workload. */
export const judgeTokenTags = (
  tags: Readonly<Record<string, ReadonlyArray<string>>>,
  workload: string | null,
  declared: DeclaredProxy
): Judgement => {
  for (const [tag, allowed] of Object.entries(tags)) {
    const values = declared.tags.get(tag)
    if (values === undefined) {
      return refuse("TokenTagMissing", `dataplane has no tag "${tag}" required by the token`)
    }
    const other = [...values].find((value) => !allowed.includes(value))
    if (other !== undefined) {
      return refuse(
        "TokenTagMismatch",
        `dataplane contains tag "${tag}" with value "${other}" which is not allowed with this token. ` +
          `Allowed values in token are ${JSON.stringify(allowed)}`
      )
    }
  }
  if (workload !== null && declared.workload !== workload) {
    return declared.workload === undefined || declared.workload === ""
      ? refuse("TokenWorkloadMissing", `dataplane has no label ${WORKLOAD_TAG} required by the token`)
      : refuse(
        "TokenWorkloadMismatch",
        `dataplane workload "${declared.workload}" is not allowed with this token. ` +
          `Allowed workload in token is "${workload}"`
      )
  }
  return passed
}

/** `zone`: this control plane's. */
export const judgeZoneClaims = (claims: ZoneClaims, proxy: ProxyId, zone: string): Judgement => {
  const scope = claims.Scope ?? []
  if (!scope.includes(proxy.proxyType)) {
    return refuse(
      "TokenScopeMismatch",
      `token cannot be used to authenticate zone entity (${proxy.proxyType} is out of token's scope: ` +
        `${JSON.stringify(scope)})`
    )
  }
  const { Zone: tokenZone = "" } = claims
  return tokenZone !== "" && tokenZone !== zone
    ? refuse("TokenZoneMismatch", `zone from requestor: ${zone} is different than in token: ${tokenZone}`)
    : passed
}
