/** Makes the files of a new embedded database: all of them, or none. */
import { execFile } from "node:child_process"
import { randomBytes } from "node:crypto"
import { access, chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import type { PostgresBinaries } from "./postgresBinaries.ts"
import type { UserIds } from "./unprivilegedUser.ts"

export const SUPERUSER = "ecs-mesh"

/** `home/data` is Postgres's own, `home/password` (0600) opens it, `home/server.log` is its last run's log. */
export interface ClusterFiles {
  readonly home: string
  readonly data: string
  readonly password: string
  readonly log: string
}

export const clusterFiles = (home: string): ClusterFiles => ({
  home,
  data: join(home, "data"),
  password: join(home, "password"),
  log: join(home, "server.log")
})

/** Little is inherited: a PGDATA or PGPORT of the user's would mean another database. */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" })

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false)

const run = promisify(execFile)

/** Idempotent. It builds beside the final place and renames at the end, so that no half-made database stays. */
export const initCluster = async (
  workDir: string,
  files: ClusterFiles,
  binaries: PostgresBinaries,
  user: UserIds | null
): Promise<void> => {
  if (await exists(files.home)) return
  const own = async (path: string, mode: number) => {
    await chmod(path, mode)
    if (user !== null) await chown(path, user.uid, user.gid)
  }
  const made = clusterFiles(await mkdtemp(join(workDir, "postgres.new-")))
  try {
    await own(made.home, 0o700)
    await mkdir(made.data)
    await own(made.data, 0o700)
    await writeFile(made.password, randomBytes(24).toString("base64url"), { mode: 0o600 })
    await own(made.password, 0o600)
    await run(
      binaries.initdb,
      [
        `--pgdata=${made.data}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${made.password}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale"
      ],
      { ...user, env: serverEnvironment(), cwd: "/" }
    )
    await rename(made.home, files.home)
  } catch (cause) {
    await rm(made.home, { recursive: true, force: true })
    // Somebody else who started at the same time was first: theirs is as good.
    if (await exists(files.home)) return
    const advice = user === null ? "" : ` (it runs as user ${user.uid}, who must be able to enter ${workDir} and to ` +
      `run ${binaries.initdb}; another work dir can be set by KUMA_GENERAL_WORK_DIR)`
    throw new Error(`initdb failed: ${cause instanceof Error ? cause.message : String(cause)}${advice}`, { cause })
  }
}
