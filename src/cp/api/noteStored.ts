/** Tells the journal who wrote or removed which resource: what proxies are sent next follows from it. Never a spec. */
import { Effect } from "effect"
import { Journal } from "../../model/Journal.ts"
import { formatKey, type ResourceKey } from "../../model/Resource.ts"
import type { ApiRequest } from "./ApiRequest.ts"

const ADMIN = "mesh-system:admin"
export const ANONYMOUS = "mesh-system:anonymous/mesh-system:unauthenticated"

export const userOf = ({ isAdmin }: Pick<ApiRequest, "isAdmin">): string => isAdmin ? ADMIN : ANONYMOUS

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
