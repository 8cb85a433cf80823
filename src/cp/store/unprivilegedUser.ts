/** As whom the embedded database runs: Postgres refuses to run as root. */
import { execFile } from "node:child_process"
import { stat } from "node:fs/promises"
import { promisify } from "node:util"

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

const run = promisify(execFile)

const idsOf = async (name: string): Promise<UserIds | null> => {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return null
  }
}

/**
 * null: as ourselves. For root: the owner of the data directory if there is one already, else the user `postgres`
 * where the system has it, else `nobody`; no user is created.
 */
export const unprivilegedUser = async (dataDir: string): Promise<UserIds | null> => {
  if (process.getuid?.() !== 0) return null
  const owner = await stat(dataDir).catch(() => null)
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const user = (await idsOf("postgres")) ?? (await idsOf("nobody"))
  if (user === null) {
    throw new Error("the embedded database can't run as root, and there is no user postgres or nobody to run it as")
  }
  return user
}
