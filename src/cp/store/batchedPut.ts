/** Many puts as one statement, `put_resources` of the database; each is decided by itself. */
import type { ClientBase } from "pg"
import type { DesiredResource, Resource, ResourceKey } from "../../model/Resource.ts"
import type { Change, PutOptions } from "../../model/Store.ts"

export interface Put {
  readonly desired: DesiredResource
  readonly expected: PutOptions["expect"]
  readonly given: ResourceKey | null
  /** As JSON, in which they are stored. */
  readonly labels: string
  readonly spec: string
}

export type PutOutcome =
  /** Written, or found to be so already. */
  | { readonly _tag: "Stored"; readonly resource: Resource; readonly isNew: boolean }
  | { readonly _tag: "Refused"; readonly expected: number | "absent" }
  /** What it is given isn't there. */
  | { readonly _tag: "Missing" }
  /** Somebody else is writing it. */
  | { readonly _tag: "Busy" }

export interface Committed {
  readonly outcomes: ReadonlyArray<PutOutcome>
  /** Of the last of the changes. */
  readonly revision: number
  readonly changes: ReadonlyArray<Change>
}

interface Row {
  readonly place: number | null
  readonly outcome: "inserted" | "updated" | "kept" | "refused" | "busy" | "missing"
  readonly version: number
  readonly creation_time: Date
  readonly modification_time: Date
  /** bigint, as text. */
  readonly revision: string
}

/** No version: nothing may be there. */
const ABSENT = -1

export const toPut = (desired: DesiredResource, { expect, given = null }: {
  readonly expect?: PutOptions["expect"]
  readonly given?: ResourceKey | null
}): Put => ({
  desired,
  expected: expect,
  given,
  labels: JSON.stringify(desired.labels),
  spec: JSON.stringify(desired.spec)
})

/** Characters, which are bytes but for foreign names. */
export const sizeOf = ({ labels, spec }: Put): number => labels.length + spec.length

const encode = ({ desired: { mesh, name, type }, expected, labels, spec }: Put, place: number): string => {
  const rest = JSON.stringify({ place, type, mesh, name, expected: expected === "absent" ? ABSENT : expected ?? null })
  return `${rest.slice(0, -1)},"labels":${labels},"spec":${spec}}`
}

/** As it would be read back: its fields are those that JSON keeps. */
const toResource = ({ desired: { mesh, name, type }, labels, spec }: Put, row: Row): Resource => ({
  type,
  mesh,
  name,
  labels: JSON.parse(labels),
  spec: JSON.parse(spec),
  version: row.version,
  creationTime: row.creation_time.toISOString(),
  modificationTime: row.modification_time.toISOString()
})

const toOutcome = (put: Put, row: Row): PutOutcome => {
  switch (row.outcome) {
    case "inserted":
    case "updated":
      return { _tag: "Stored", resource: toResource(put, row), isNew: true }
    case "kept":
      return { _tag: "Stored", resource: toResource(put, row), isNew: false }
    case "refused":
      return put.expected === undefined ? { _tag: "Busy" } : { _tag: "Refused", expected: put.expected }
    case "missing":
      return { _tag: "Missing" }
    case "busy":
      return { _tag: "Busy" }
  }
}

/** Those that are given another, with that. */
const encodeGiven = (puts: ReadonlyArray<Put>) =>
  puts.flatMap(({ given }, place) => given === null ? [] : [{ place, type: given.type, mesh: given.mesh, name: given.name }])

/** No two of them of one key. */
export const putAll = async (client: ClientBase, puts: ReadonlyArray<Put>): Promise<Committed> => {
  const desired = `[${puts.map(encode).join(",")}]`
  const given = encodeGiven(puts)
  const { rows } = await (given.length === 0
    ? client.query<Row>("SELECT * FROM put_resources($1)", [desired])
    : client.query<Row>("SELECT * FROM put_resources($1, $2)", [desired, JSON.stringify(given)]))
  const outcomes = new Array<PutOutcome>(puts.length).fill({ _tag: "Busy" })
  const changes: Array<Change> = []
  let revision = 0
  for (const row of rows) {
    const put = row.place === null ? undefined : puts[row.place]
    if (row.place === null || put === undefined) {
      revision = Number(row.revision)
      continue
    }
    const outcome = toOutcome(put, row)
    outcomes[row.place] = outcome
    if (outcome._tag !== "Stored" || !outcome.isNew) continue
    const { resource } = outcome
    changes.push({
      _tag: "Changed",
      key: { type: resource.type, mesh: resource.mesh, name: resource.name },
      after: resource
    })
  }
  // A commit is seen as a whole: each of its changes is in what is read from its last one on.
  return { outcomes, revision, changes: changes.map((change) => ({ ...change, revision })) }
}
