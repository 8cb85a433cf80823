// Where the Python tools of the demo and the tests live: one folder for each requirements file and interpreter, shared
// by every clone of this user. bin/setup.mjs fills it, localstack/tools.ts reads it. Plain JavaScript, because
// bin/setup.mjs runs on whatever Node the host has.
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of all cached tools: ECS_MESH_CACHE, else $XDG_CACHE_HOME/ecs-mesh, else ~/.cache/ecs-mesh. */
export const cacheFolder = (env = process.env) =>
  env.ECS_MESH_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ecs-mesh")

/** The requirements file of a tool set: "local" (MiniStack and Envoy), "localstack" or "schemathesis". */
export const requirementsFile = (set) =>
  fileURLToPath(new URL(`requirements-${set}.txt`, import.meta.url))

/** The virtual environment of a tool set; it is named by what it holds, so a changed pin gets a new folder. */
export const toolFolder = (set, env = process.env) => {
  const held = createHash("sha256")
    .update(readFileSync(requirementsFile(set)))
    .update(`${process.platform}-${process.arch}`)
    .digest("hex")
    .slice(0, 16)
  return join(cacheFolder(env), `${set}-${held}`)
}

/** The file that says a virtual environment is whole. A virtual environment can't be moved, so it is built in place. */
export const completeStamp = (folder) => join(folder, ".complete")

/** A virtual environment whose Python was removed from the host is not whole any more. */
export const isComplete = (folder) => existsSync(completeStamp(folder)) && existsSync(join(folder, "bin", "python"))
