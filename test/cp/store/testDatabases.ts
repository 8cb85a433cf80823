/** On the run's real Postgres, an empty database of its own for each test. */
import { Effect, Layer } from "effect"
import { afterAll, beforeAll } from "vitest"
import type { StoreConfig } from "../../../src/cp/config/ControlPlaneConfig.ts"
import type { ChangeFeedOptions } from "../../../src/cp/store/ChangeFeed.ts"
import { PostgresStore } from "../../../src/cp/store/PostgresStore.ts"
import type { DesiredResource } from "../../../src/model/Resource.ts"
import { Store } from "../../../src/model/Store.ts"
import { meshKey } from "../../../src/model/whileMesh.ts"
import { createDatabase, postgresOfTheRun, query, type TestDatabase } from "../../support/testDatabase.ts"

export interface TestDatabases {
  readonly create: () => Promise<StoreConfig>
  /** Runs one statement beside the store, as an operator at psql would. */
  readonly query: (config: StoreConfig, sql: string) => Promise<ReadonlyArray<Record<string, unknown>>>
}

export const useTestDatabases = (): TestDatabases => {
  const created: Array<TestDatabase> = []
  // The first that asks waits for its start.
  beforeAll(async () => void await postgresOfTheRun(), 60_000)
  afterAll(async () => {
    for (const { drop } of created.splice(0)) await drop()
  }, 60_000)
  return {
    create: async () => {
      const database = await createDatabase()
      created.push(database)
      return database.config
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

/** What is in a mesh is put only while that is there. */
export const emptyMesh = (name = "default"): DesiredResource<"Mesh"> => ({ ...meshKey(name), labels: {}, spec: {} })

/** Ends the connections that a store has for one purpose, as a failover or an administrator would. */
export const killing = (purpose: "store" | "change feed"): string =>
  `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
   WHERE application_name = 'ecs-mesh ${purpose}' AND datname = current_database()`
