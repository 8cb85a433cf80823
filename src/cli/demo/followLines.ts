/**
 * Follows a growing text file: each whole line once, in order, from the file's beginning; waits for a file that
 * isn't there yet, and goes on with the new one where it was rotated away.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs"
import { StringDecoder } from "node:string_decoder"

const CHUNK = 64 * 1024
const LOOK_EVERY_MILLIS = 50

/** Returns how to stop; the last lines are read before it stops. */
export const followLines = (path: string, onLine: (line: string) => void): () => void => {
  let file: { readonly descriptor: number; readonly inode: number } | null = null
  let offset = 0
  let rest = ""
  let decoder = new StringDecoder("utf8")
  const buffer = Buffer.alloc(CHUNK)

  const open = (): void => {
    try {
      const descriptor = openSync(path, "r")
      file = { descriptor, inode: fstatSync(descriptor).ino }
      offset = 0
      rest = ""
      decoder = new StringDecoder("utf8")
    } catch {
      file = null
    }
  }

  const drain = (): void => {
    if (file === null) return
    for (;;) {
      const read = readSync(file.descriptor, buffer, 0, CHUNK, offset)
      if (read === 0) return
      offset += read
      const lines = (rest + decoder.write(buffer.subarray(0, read))).split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) if (line !== "") onLine(line)
    }
  }

  const wasReplaced = (): boolean => {
    try {
      return file !== null && statSync(path).ino !== file.inode
    } catch {
      return false
    }
  }

  const look = (): void => {
    if (file === null) open()
    drain()
    if (wasReplaced() && file !== null) {
      closeSync(file.descriptor)
      open()
      drain()
    }
  }

  look()
  const timer = setInterval(look, LOOK_EVERY_MILLIS)
  return () => {
    clearInterval(timer)
    look()
    if (file !== null) closeSync(file.descriptor)
  }
}
