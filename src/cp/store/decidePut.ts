/** What a put has to do, given what is stored now. */
import type { Resource, ResourceType } from "../../model/Resource.ts"
import type { PutOptions } from "../../model/Store.ts"

export interface Stored<T extends ResourceType> {
  readonly resource: Resource<T>
  /** Labels and spec are already as desired. */
  readonly same: boolean
}

export type PutStep<T extends ResourceType> =
  | { readonly _tag: "Insert" }
  | { readonly _tag: "Update"; readonly version: number }
  | { readonly _tag: "Keep"; readonly resource: Resource<T> }
  | { readonly _tag: "Refuse"; readonly expected: number | "absent" }

export const decidePut = <T extends ResourceType>(
  stored: Stored<T> | undefined,
  expected: PutOptions["expect"]
): PutStep<T> => {
  const found = stored?.resource.version ?? "absent"
  if (expected !== undefined && expected !== found) return { _tag: "Refuse", expected }
  if (stored === undefined) return { _tag: "Insert" }
  return stored.same
    ? { _tag: "Keep", resource: stored.resource }
    : { _tag: "Update", version: stored.resource.version }
}
