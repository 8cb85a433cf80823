import { randomBytes } from "node:crypto"
import { open, rename, rm } from "node:fs/promises"

/** Writes a file so that a reader, or a crash, finds the old text or the new, never a part of it. */
export const keepFile = async (path: string, text: string, mode: number): Promise<void> => {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.new`
  try {
    const file = await open(temporary, "wx", mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause
  }
}
