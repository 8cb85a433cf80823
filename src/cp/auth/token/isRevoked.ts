/** Whether a token's `jti` is on its list of revocations: a secret with ids between commas. Each list is read once. */
import type { Resource } from "../../../model/Resource.ts"
import type { ResourceCache } from "../../snapshot/ResourceCache.ts"
import type { TokenScope } from "./TokenScope.ts"

const listed = new WeakMap<Resource<"Secret" | "GlobalSecret">, ReadonlySet<string>>()

const read = (secret: Resource<"Secret" | "GlobalSecret">): ReadonlySet<string> => {
  const text = Buffer.from(secret.spec.data ?? "", "base64").toString("utf8")
  return new Set(text.split(",").map((id) => id.trim()))
}

export const isRevoked = (
  resources: Pick<ResourceCache["Service"], "get">,
  { type, mesh, revocations }: TokenScope,
  tokenId: string
): boolean => {
  const secret = resources.get({ type, mesh, name: revocations })
  if (secret === undefined) return false
  const ids = listed.get(secret) ?? read(secret)
  listed.set(secret, ids)
  return ids.has(tokenId)
}
