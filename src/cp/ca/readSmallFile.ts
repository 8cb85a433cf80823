/** A file that a Mesh's author names, beside the control plane. */
import { constants, open } from "node:fs/promises"

/** A chain of certificates has some KB. */
const MOST_BYTES = 64 * 1024

/** Rejects whatever isn't a file of that size: a device has no end, and a pipe would hold whoever opens it. */
export const readSmallFile = async (path: string): Promise<string> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = await file.stat()
    if (!stat.isFile() || stat.size > MOST_BYTES) throw new Error(`no file of ${MOST_BYTES} bytes at most`)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0)
    return buffer.toString("utf8", 0, bytesRead)
  } finally {
    await file.close()
  }
}
