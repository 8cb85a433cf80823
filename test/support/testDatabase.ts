/** An empty database of one's own on the Postgres of the run. */
import { randomBytes } from "node:crypto"
import { Client } from "pg"
import { inject } from "vitest"
import type { StoreConfig } from "../../src/cp/config/ControlPlaneConfig.ts"
import type { SharedPostgres } from "./sharedPostgres.ts"

export interface TestDatabase {
  readonly config: StoreConfig
  /** What tells a control plane that is a process of its own to use it. */
  readonly environment: Readonly<Record<string, string>>
  /** Whoever is still connected is cut off. */
  readonly drop: () => Promise<void>
}

export const postgresOfTheRun = async (): Promise<SharedPostgres> => {
  const answer = await fetch(inject("postgresUrl"))
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text)
}

export const query = async (
  { dbName, host, password, port, user }: StoreConfig,
  sql: string
): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const client = new Client({ host, port, user, password, database: dbName })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

const configOf = ({ host, password, port, user }: SharedPostgres, dbName: string): StoreConfig => ({
  type: "postgres",
  host,
  port,
  user,
  password,
  dbName,
  tls: { mode: "disable", caPath: null, certPath: null, keyPath: null },
  maxOpenConnections: 5,
  connectionTimeoutMillis: 5_000
})

export const createDatabase = async (): Promise<TestDatabase> => {
  const server = await postgresOfTheRun()
  const dbName = `test_${randomBytes(8).toString("hex")}`
  const [config, admin] = [configOf(server, dbName), configOf(server, server.dbName)]
  await query(admin, `CREATE DATABASE ${dbName}`)
  return {
    config,
    environment: {
      KUMA_STORE_TYPE: "postgres",
      KUMA_STORE_POSTGRES_HOST: config.host,
      KUMA_STORE_POSTGRES_PORT: String(config.port),
      KUMA_STORE_POSTGRES_USER: config.user,
      KUMA_STORE_POSTGRES_PASSWORD: config.password,
      KUMA_STORE_POSTGRES_DB_NAME: dbName
    },
    drop: async () => void await query(admin, `DROP DATABASE IF EXISTS ${dbName} WITH (FORCE)`)
  }
}
