/**
 * One resource and what is to be there with it, in one commit. It is one statement that writes, as `putAll`'s, so that
 * it holds the revision's lock no longer than any other; it is decided afterwards whether it is to stay.
 */
import type { ClientBase } from "pg"
import type { DesiredResource } from "../../model/Resource.ts"
import { type Committed, type Put, putAll, type PutOutcome, toPut } from "./batchedPut.ts"
import * as Rows from "./resourceRows.ts"

export interface Together extends Committed {
  /** Of the one that the others stand beside. */
  readonly outcome: PutOutcome
}

const BUSY: PutOutcome = { _tag: "Busy" }

/** Nothing is written where the first can't be. Those beside it are put where nothing is, else left as they are. */
export const putTogether = async (
  client: ClientBase,
  first: Put,
  beside: ReadonlyArray<DesiredResource>
): Promise<Together> => {
  await client.query("BEGIN")
  if (first.given !== null) await Rows.keep(client, first.given)
  await Rows.lock(client, first.desired)
  const committed = await putAll(client, [first, ...beside.map((desired) => toPut(desired, { expect: "absent" }))])
  const [outcome = BUSY] = committed.outcomes
  const stays = outcome._tag === "Stored"
  await client.query(stays ? "COMMIT" : "ROLLBACK")
  return stays ? { ...committed, outcome } : { outcome, outcomes: [], revision: 0, changes: [] }
}
