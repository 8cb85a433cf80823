/** Which of a journal's writes change what a proxy is sent though they aren't about it: its mesh and policies. Pure. */
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"
import { textAt } from "./fields.ts"

const POLICY = /^Mesh[A-Za-z]*\//

/** `MeshTrafficPermission/default/all`, say; of whichever mesh. */
export const isPolicy = ({ key, kind }: Pick<RecordedEntry, "key" | "kind">): boolean =>
  kind === "stored" && POLICY.test(key)

export const isPolicyOf = (mesh: string) => (entry: RecordedEntry): boolean =>
  isPolicy(entry) && (entry.key === `Mesh//${mesh}` || entry.key.split("/")[1] === mesh)

/** What to ask a journal for. */
export const policyKeys = (mesh: string): ReadonlyArray<string> =>
  ["Mesh//", `MeshTrafficPermission/${mesh}/`, `MeshTimeout/${mesh}/`]

/** The mesh that a task's proxy was last said to be of; null where nobody said. */
export const meshIn = (entries: ReadonlyArray<RecordedEntry>): string | null =>
  entries.flatMap(({ fields, key }) =>
    textAt(fields, "task", "spec", "proxy", "mesh") ?? /^Dataplane\/([^/]+)\//.exec(key)?.[1] ?? []).at(-1) ?? null
