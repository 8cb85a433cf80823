/** Tells the journal who wrote or removed which resource: what proxies are sent next follows from it. Never a spec. */
import { Effect } from "effect"
import { Journal } from "../../model/Journal.ts"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import { formatUser, isAnonymous } from "../auth/user/User.ts"
import type { ApiRequest } from "./ApiRequest.ts"

/** A user by name; a token's groups are what it was good for then. */
export const userOf = ({ user }: Pick<ApiRequest, "user">): string => isAnonymous(user) ? formatUser(user) : user.name

export interface StoredByUser {
  readonly op: "put" | "remove"
  /** Of what was written, or of what was removed. */
  readonly version: number
  readonly by: string
}

export const noteStored = (key: ResourceKey, { by, op, version }: StoredByUser): Effect.Effect<void, never, Journal> =>
  Effect.map(Journal, (journal) => {
    const resource = formatKey({ type: key.type, mesh: key.mesh, name: key.name })
    journal.append({ kind: "stored", key: resource, op, resource, version, by })
  })
