/** The statements on the table of resources, and how its rows become resources. */
import type { ClientBase } from "pg"
import type { DesiredResource, Resource, ResourceKey, ResourceType, SpecByType } from "../../model/Resource.ts"
import type { Page, RemoveOptions, Snapshot, StoredKey } from "../../model/Store.ts"
import type { Stored } from "./decidePut.ts"

interface Row<T extends ResourceType> {
  readonly type: T
  readonly mesh: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: SpecByType[T]
  readonly version: number
  readonly creation_time: Date
  readonly modification_time: Date
}

const COLUMNS = "type, mesh, name, labels, spec, version, creation_time, modification_time"

const toResource = <T extends ResourceType>(row: Row<T>): Resource<T> => ({
  type: row.type,
  mesh: row.mesh,
  name: row.name,
  labels: row.labels,
  spec: row.spec,
  version: row.version,
  creationTime: row.creation_time.toISOString(),
  modificationTime: row.modification_time.toISOString()
})

const keyValues = (key: ResourceKey) => [key.type, key.mesh, key.name]
const values = (resource: DesiredResource) => [
  ...keyValues(resource),
  JSON.stringify(resource.labels),
  JSON.stringify(resource.spec)
]

const first = async <T extends ResourceType>(
  answer: Promise<{ readonly rows: ReadonlyArray<Row<T>> }>
): Promise<Resource<T> | undefined> => (await answer).rows.map(toResource)[0]

export const selectOne = <T extends ResourceType>(client: ClientBase, key: ResourceKey<T>) =>
  first(
    client.query<Row<T>>(
      `SELECT ${COLUMNS} FROM resource WHERE type = $1 AND mesh = $2 AND name = $3`,
      keyValues(key)
    )
  )

interface Revision {
  /** bigint, as text. */
  readonly revision: string
}

/** A statement sees one snapshot of the database: the rows are those of the revision. */
const toSnapshot = (rows: ReadonlyArray<Revision & (Row<ResourceType> | { readonly type: null })>): Snapshot => ({
  revision: Number(rows[0]?.revision ?? 0),
  resources: rows.flatMap((row) => row.type === null ? [] : [toResource(row)])
})

/** Those that are there; a key that is asked for twice is read once. */
export const selectKeys = async (client: ClientBase, keys: ReadonlyArray<ResourceKey>): Promise<Snapshot> => {
  const { rows } = await client.query<Revision & Row<ResourceType>>(
    `SELECT revision, ${COLUMNS} FROM resource_revision LEFT JOIN (
       (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted(type, mesh, name)) AS wanted
       JOIN resource USING (type, mesh, name)
     ) ON true`,
    [keys.map(({ type }) => type), keys.map(({ mesh }) => mesh), keys.map(({ name }) => name)]
  )
  return toSnapshot(rows)
}

export const selectEverything = async (client: ClientBase): Promise<Snapshot> => {
  const { rows } = await client.query<Revision & Row<ResourceType>>(
    `SELECT revision, ${COLUMNS} FROM resource_revision LEFT JOIN resource ON true`
  )
  return toSnapshot(rows)
}

/** Compared as jsonb, which knows neither order of fields nor white space. */
export const selectWithSameness = async <T extends ResourceType>(
  client: ClientBase,
  desired: DesiredResource<T>
): Promise<Stored<T> | undefined> => {
  const { rows } = await client.query<Row<T> & { readonly same: boolean }>(
    `SELECT ${COLUMNS}, labels::jsonb = $4::jsonb AND spec::jsonb = $5::jsonb AS same
     FROM resource WHERE type = $1 AND mesh = $2 AND name = $3`,
    values(desired)
  )
  return rows.map((row) => ({ resource: toResource(row), same: row.same }))[0]
}

export const selectType = async <T extends ResourceType>(
  client: ClientBase,
  type: T,
  mesh: string | undefined
): Promise<ReadonlyArray<Resource<T>>> => {
  const { rows } = await (mesh === undefined
    ? client.query<Row<T>>(`SELECT ${COLUMNS} FROM resource WHERE type = $1 ORDER BY mesh, name`, [type])
    : client.query<Row<T>>(
      `SELECT ${COLUMNS} FROM resource WHERE type = $1 AND mesh = $2 ORDER BY name`,
      [type, mesh]
    ))
  return rows.map(toResource)
}

interface Total {
  readonly total: number
}

/** The rows behind the offset are only counted. */
export const selectPage = async <T extends ResourceType>(
  client: ClientBase,
  type: T,
  { mesh, offset, size }: { readonly mesh?: string; readonly offset: number; readonly size: number }
): Promise<Page<T>> => {
  const { rows } = await client.query<Total & (Row<T> | { readonly type: null })>(
    `WITH matching AS (SELECT mesh, name FROM resource WHERE type = $1 AND ($2::text IS NULL OR mesh = $2))
     SELECT (SELECT count(*)::integer FROM matching) AS total, ${COLUMNS}
     FROM (VALUES (1)) AS one LEFT JOIN (
       (SELECT * FROM matching ORDER BY mesh, name LIMIT $3 OFFSET $4) AS part
       JOIN (SELECT * FROM resource WHERE type = $1) AS resource USING (mesh, name)
     ) ON true ORDER BY mesh, name`,
    [type, mesh ?? null, size, offset]
  )
  return {
    total: rows[0]?.total ?? 0,
    resources: rows.filter((row): row is Total & Row<T> => row.type !== null).map(toResource)
  }
}

export const selectAll = async (client: ClientBase): Promise<ReadonlyArray<Resource>> =>
  (await client.query<Row<ResourceType>>(`SELECT ${COLUMNS} FROM resource ORDER BY type, mesh, name`)).rows
    .map(toResource)

/** undefined: somebody else was first. The database says which version it begins with. */
export const insert = <T extends ResourceType>(client: ClientBase, desired: DesiredResource<T>) =>
  first(
    client.query<Row<T>>(
      `INSERT INTO resource (${COLUMNS})
       VALUES ($1, $2, $3, $4, $5, 1, now(), now())
       ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
      values(desired)
    )
  )

/** undefined: somebody else was first. */
export const update = <T extends ResourceType>(client: ClientBase, desired: DesiredResource<T>, version: number) =>
  first(
    client.query<Row<T>>(
      `UPDATE resource SET labels = $4, spec = $5, version = version + 1, modification_time = now()
       WHERE type = $1 AND mesh = $2 AND name = $3 AND version = $6 RETURNING ${COLUMNS}`,
      [...values(desired), version]
    )
  )

/** For as long as the transaction lasts nobody else writes it; who is writing it is waited for. */
export const lock = async (client: ClientBase, key: ResourceKey): Promise<void> => {
  await client.query(
    "SELECT FROM resource WHERE type = $1 AND mesh = $2 AND name = $3 FOR UPDATE",
    keyValues(key)
  )
}

/** For as long as the transaction lasts nobody removes it. To be asked for before any other lock, as a removal does. */
export const keep = async (client: ClientBase, key: ResourceKey): Promise<void> => {
  await client.query(
    "SELECT FROM resource WHERE type = $1 AND mesh = $2 AND name = $3 FOR KEY SHARE",
    keyValues(key)
  )
}

/** What is in a mesh. */
export const selectWithin = async (client: ClientBase, mesh: string): Promise<ReadonlyArray<StoredKey>> =>
  (await client.query<StoredKey>("SELECT type, mesh, name, version FROM resource WHERE mesh = $1", [mesh])).rows

/** Whether there was one to remove, and all was as it is expected to be; then what is `beside` it is gone, too. */
export const remove = async (
  client: ClientBase,
  key: ResourceKey,
  { beside = [], expect, given }: RemoveOptions
): Promise<boolean> => {
  const all = [key, ...beside]
  const { rowCount } = await client.query(
    `WITH found AS MATERIALIZED (
       SELECT FROM resource
       WHERE type = $1 AND mesh = $2 AND name = $3 AND ($4::integer IS NULL OR version = $4) FOR UPDATE
     ), given AS MATERIALIZED (
       SELECT FROM resource WHERE type = $8 AND mesh = $9 AND name = $10 AND version = $11 FOR SHARE
     )
     DELETE FROM resource
     USING unnest($5::text[], $6::text[], $7::text[]) AS unwanted(type, mesh, name)
     WHERE resource.type = unwanted.type AND resource.mesh = unwanted.mesh AND resource.name = unwanted.name
       AND EXISTS (SELECT FROM found) AND ($11::integer IS NULL OR EXISTS (SELECT FROM given))`,
    [
      ...keyValues(key), expect ?? null,
      all.map(({ type }) => type), all.map(({ mesh }) => mesh), all.map(({ name }) => name),
      ...given === undefined ? [null, null, null, null] : [...keyValues(given.key), given.version]
    ]
  )
  return (rowCount ?? 0) > 0
}
