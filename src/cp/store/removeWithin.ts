/**
 * Removes one resource and what its mesh holds, in one commit. Its own row is locked first: who puts something `given` it
 * was before, and is seen here, or waits, and finds it gone.
 */
import type { ClientBase } from "pg"
import type { ResourceKey } from "../../model/Resource.ts"
import type { RemoveOptions } from "../../model/Store.ts"
import * as Rows from "./resourceRows.ts"

type Within = NonNullable<RemoveOptions["within"]>

/** `kept`: what is there is to stay. */
export const removeWithin = async (
  client: ClientBase,
  key: ResourceKey,
  options: RemoveOptions,
  { choose, mesh }: Within
): Promise<"removed" | "kept" | "not found"> => {
  await client.query("BEGIN")
  await Rows.lock(client, key)
  const chosen = choose(await Rows.selectWithin(client, mesh))
  const removed = chosen !== null &&
    await Rows.remove(client, key, { ...options, beside: [...options.beside ?? [], ...chosen] })
  await client.query(removed ? "COMMIT" : "ROLLBACK")
  return removed ? "removed" : chosen === null ? "kept" : "not found"
}
