/** One real Postgres a test file, an empty database of its own for each test. */
import { Effect, Layer } from "effect"
import { Client } from "pg"
import { afterAll, beforeAll } from "vitest"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import type { ChangeFeedOptions } from "../../../src/cp/store/ChangeFeed.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"
import { startPostgres, type TestPostgres } from "../../support/startPostgres.ts"

export interface TestDatabases {
  readonly create: () => Promise<StoreConfig>
  /** Runs one statement beside the store, as an operator at psql would. */
  readonly query: (config: StoreConfig, sql: string) => Promise<ReadonlyArray<Record<string, unknown>>>
}

const configOf = (server: TestPostgres, dbName: string): StoreConfig => ({
  type: "postgres",
  host: server.host,
  port: server.port,
  user: server.user,
  password: server.password,
  dbName,
  tls: { mode: "disable", caPath: null, certPath: null, keyPath: null },
  maxOpenConnections: 5,
  connectionTimeoutMillis: 5_000
})

const query: TestDatabases["query"] = async ({ dbName, host, password, port, user }, sql) => {
  const client = new Client({ host, port, user, password, database: dbName })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

export const useTestDatabases = (): TestDatabases => {
  let server: TestPostgres | undefined
  let created = 0
  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server?.stop())
  return {
    create: async () => {
      if (server === undefined) throw new Error("Postgres isn't there before the tests begin")
      const dbName = `test_${++created}`
      await query(configOf(server, server.dbName), `CREATE DATABASE ${dbName}`)
      return configOf(server, dbName)
    },
    query
  }
}

/** A store that stands until the scope ends. */
export const openStore = (config: StoreConfig, feed?: ChangeFeedOptions) =>
  Effect.flatMap(Layer.build(PostgresStore.layer(config, feed)), (context) => Effect.provide(Store, context))

export const outboundPort = (name: string, port: number): DesiredResource<"OutboundPort"> => ({
  type: "OutboundPort",
  mesh: "default",
  name,
  labels: {},
  spec: { port }
})

/** Ends the connections that a store has for one purpose, as a failover or an administrator would. */
export const killing = (purpose: "store" | "change feed"): string =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
   WHERE application_name = 'ecs-mesh ${purpose}' AND datname = current_database()`
