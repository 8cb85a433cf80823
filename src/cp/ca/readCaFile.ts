/**
 * A file of a certificate authority that a Mesh's author names, beside the control plane. Whoever may write a Mesh isn't
 * to read the control plane's disk: only what is in the folder that its user set aside for such files is read.
 */
import { Context } from "effect"
import { realpath } from "node:fs/promises"
import { isAbsolute, relative, resolve } from "node:path"
import { readSmallFile } from "./readSmallFile.ts"

/** The setting's name. */
export const CA_FILES_DIR = "ECS_MESH_CA_FILES_DIR"

/** The folder; null: there is none. */
export const CaFolder = Context.Reference<string | null>("ecs-mesh/cp/ca/CaFolder", { defaultValue: () => null })

const isWithin = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way !== "" && way !== ".." && !way.startsWith("../") && !isAbsolute(way)
}

const resolvedWithin = async (folder: string, path: string): Promise<string | null> => {
  // What is elsewhere isn't even looked for: nobody is to learn what there is.
  if (!isAbsolute(path) || !isWithin(resolve(folder), resolve(path))) return null
  const [realFolder, real] = await Promise.all([realpath(folder), realpath(path)])
  return isWithin(realFolder, real) ? real : null
}

/** Rejects with an `Error` that says what to do. Links are followed, but not out of the folder. */
export const readCaFile = async (folder: string | null, path: string): Promise<string> => {
  if (folder === null) {
    throw new Error(`no file is read before ${CA_FILES_DIR} names the folder that it is in; name a secret instead, or ` +
      "set that")
  }
  const unreadable = (cause: unknown): never => {
    throw new Error(`the control plane can't read ${path}`, { cause })
  }
  const real = await resolvedWithin(folder, path).catch(unreadable)
  if (real === null) throw new Error(`${path} isn't in the folder that ${CA_FILES_DIR} names`)
  return readSmallFile(real).catch(unreadable)
}
