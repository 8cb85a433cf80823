/** The `seq` of a journal's last whole line: what is written next counts on from there. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"

/** Holds the last whole line in all but odd cases; where it doesn't, more and more is looked at. */
const TAIL_BYTES = 256 * 1024

const LINE = /^\{"seq":(\d+),.*\}$/

const readEnd = (file: number, size: number, length: number): string => {
  const bytes = Buffer.alloc(length)
  for (let offset = 0; offset < length;) {
    const read = readSync(file, bytes, offset, length - offset, size - length + offset)
    if (read === 0) break
    offset += read
  }
  return bytes.toString("utf8")
}

/** `file`: open, of `size` bytes. Null where none of its lines is whole. */
export const lastSeq = (file: number, size: number): number | null => {
  for (let length = Math.min(size, TAIL_BYTES); length > 0; length = Math.min(size, length * 2)) {
    const found = readEnd(file, size, length).split("\n").findLast((line) => LINE.test(line))
    if (found !== undefined) return Number(LINE.exec(found)?.[1])
    if (length === size) break
  }
  return null
}

/** The same of a file that may not be there or not be readable: numbers that begin anew are better than no journal. */
export const lastSeqAt = (path: string): number | null => {
  try {
    const file = openSync(path, "r")
    try {
      return lastSeq(file, fstatSync(file).size)
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
