/** A Postgres for one subject: the same that the control plane embeds, with its settings, but in the bench's hands. */
import { Effect, Exit, Scope } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { guard, release } from "../../localstack/process/ChildGuard.ts"
import { embeddedStoreConfig } from "../../src/cp/store/EmbeddedPostgres.ts"

export interface Database {
  readonly pid: number
  /** By which both subjects find it: the names are Kuma's. */
  readonly environment: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

export const startDatabase = async (folder: string): Promise<Database> => {
  const scope = await Effect.runPromise(Scope.make())
  const config = await Effect.runPromise(embeddedStoreConfig(folder).pipe(Scope.provide(scope)))
  const [line = ""] = (await readFile(join(folder, "postgres", "data", "postmaster.pid"), "utf8")).split("\n")
  const pid = Number(line)
  guard({ pid })
  return {
    pid,
    environment: {
      KUMA_STORE_TYPE: "postgres",
      KUMA_STORE_POSTGRES_HOST: config.host,
      KUMA_STORE_POSTGRES_PORT: String(config.port),
      KUMA_STORE_POSTGRES_USER: config.user,
      KUMA_STORE_POSTGRES_PASSWORD: config.password,
      KUMA_STORE_POSTGRES_DB_NAME: config.dbName
    },
    stop: async () => {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      release({ pid })
    }
  }
}
