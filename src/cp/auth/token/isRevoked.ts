/** Whether a token's `jti` is on its list of revocations: a secret with ids between commas. */
import type { ResourceCache } from "../../snapshot/ResourceCache.ts"
import type { TokenScope } from "./TokenScope.ts"

export const isRevoked = (
  resources: Pick<ResourceCache["Service"], "get">,
  { type, mesh, revocations }: TokenScope,
  tokenId: string
): boolean =>
  Buffer.from(resources.get({ type, mesh, name: revocations })?.spec.data ?? "", "base64")
    .toString("utf8")
    .split(",")
    .some((id) => id.trim() === tokenId)
