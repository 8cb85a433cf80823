/** Brings the database's tables to what this program expects: every file of `migrations`, once, in order. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, type Scope } from "effect"
import { StoreUnavailable } from "../../model/Store.ts"
import type { StoreConfig } from "../config/ControlPlaneConfig.ts"
import { MIGRATION_LOCK } from "./advisoryLocks.ts"
import { openConnection } from "./DedicatedConnection.ts"

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const FILE = /^(\d{3})_(.+)\.sql$/

/** The files `NNN_name.sql` of a folder, ordered by number. */
export const readMigrations = (folder: string): ReadonlyArray<Migration> =>
  readdirSync(folder)
    .flatMap((file) => {
      const [, number, name] = FILE.exec(file) ?? []
      return number === undefined || name === undefined
        ? []
        : [{ number: Number(number), name, sql: readFileSync(join(folder, file), "utf8") }]
    })
    .sort((a, b) => a.number - b.number)

const bundled = readMigrations(join(import.meta.dirname, "migrations"))

/**
 * Applies what is missing, each migration in a transaction of its own; replicas that start together take turns.
 * Refuses a database that a newer version has migrated: an older one could damage what it doesn't know.
 */
export const migrate = Effect.fn("migrate")(function*(
  config: StoreConfig,
  migrations: ReadonlyArray<Migration> = bundled
): Effect.fn.Return<void, StoreUnavailable, Scope.Scope> {
  const { query } = yield* openConnection(config, "migrations", 300_000)
  yield* query("SET statement_timeout = 0")
  yield* query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK])
  yield* query(
    `CREATE TABLE IF NOT EXISTS schema_migration
     (number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`
  )
  const applied = new Set(
    (yield* query<{ number: number }>("SELECT number FROM schema_migration")).map((row) => row.number)
  )
  const newest = Math.max(0, ...applied)
  const known = Math.max(0, ...migrations.map((migration) => migration.number))
  if (newest > known) {
    return yield* new StoreUnavailable({
      operation: "migrations",
      message: `the database is at migration ${newest}, this version knows ${known}: ` +
        "start the newer version again, or give this one a database of its own"
    })
  }
  for (const { number, name, sql } of migrations.filter((migration) => !applied.has(migration.number))) {
    yield* query("BEGIN")
    yield* query(sql)
    yield* query("INSERT INTO schema_migration (number, name) VALUES ($1, $2)", [number, name])
    yield* query("COMMIT")
    yield* Effect.logInfo("migrated the database").pipe(Effect.annotateLogs({ migration: `${number} ${name}` }))
  }
}, Effect.scoped)
