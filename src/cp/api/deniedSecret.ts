/**
 * Proxies are sent what the Secrets hold that an external service names, so naming one is reading it; what a Mesh names
 * signs for all of its proxies. Who may not read Secrets leaves what stands there as it is, and may change all the rest.
 */
import type { DesiredResource, Resource } from "../../model/Resource.ts"
import { secretSources } from "../../model/secretSources.ts"
import { type AccessConfig, denial } from "../auth/user/Access.ts"
import type { User } from "../auth/user/User.ts"

interface Writer {
  readonly access: AccessConfig
  readonly user: User
}

/** Why this one may not write it, or null. */
export const deniedSecret = (before: Resource | null, after: DesiredResource, { access, user }: Writer): string | null => {
  const stood = before === null ? new Map<string, string>() : secretSources(before)
  const [added] = [...secretSources(after)].filter(([path, name]) => stood.get(path) !== name)
  if (added === undefined) return null
  const [path, name] = added
  const denied = denial(access, "adminResources", user, `the Secret "${name}"`)
  return denied === null ? null : `${denied}, which ${path} names: who may read Secrets has to write that`
}
