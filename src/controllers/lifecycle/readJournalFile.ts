/**
 * What a journal's two files hold, oldest first, a piece at a time and none before it is asked for: so an export takes
 * the memory of one piece, however slowly it is read. What is written after it began isn't in it.
 */
import { type FileHandle, open } from "node:fs/promises"
import type { JournalFilter } from "../../model/Journal.ts"
import { lastPart } from "../arn.ts"
import { sealLine } from "./sealLine.ts"

const PIECE_BYTES = 64 * 1024

/** What a filter goes by stands first on each line. */
const HEAD = /^\{"seq":\d+,"time":"([^"]*)","kind":"([^"]*)","key":"((?:[^"\\]|\\.)*)"/

const openIfThere = async (path: string): Promise<FileHandle | null> => {
  try {
    return await open(path, "r")
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null
    throw cause
  }
}

/** Of a line that can't be read nobody knows whom it is about: only who asks for everything gets it. */
export const passes = (line: string, { keys, since }: JournalFilter): boolean => {
  if (keys.length === 0 && since === null) return true
  const [, time, kind, key] = HEAD.exec(line) ?? []
  if (time === undefined || key === undefined) return false
  if (kind === "replica") return true
  if (since !== null && Date.parse(time) < since) return false
  return keys.length === 0 || keys.some((wanted) =>
    key === wanted || (wanted.endsWith("/") ? key.startsWith(wanted) : lastPart(key).startsWith(wanted)))
}

/** It says that entries are left out on purpose: a whole journal has no holes. */
const headOf = ({ keys, since }: JournalFilter): string => {
  const filter = { keys, since: since === null ? null : new Date(since).toISOString() }
  const head = { seq: 0, time: new Date().toISOString(), kind: "part", key: "part", ...filter }
  return `${sealLine(JSON.stringify(head))}\n`
}

/** `size`: bytes that were there when it began. */
async function* readOne(file: FileHandle, size: number, filter: JournalFilter): AsyncGenerator<string> {
  const piece = Buffer.alloc(PIECE_BYTES)
  let rest: Buffer = Buffer.alloc(0)
  for (let offset = 0; offset < size;) {
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, size - offset), offset)
    if (bytesRead === 0) return
    offset += bytesRead
    const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)])
    const end = bytes.lastIndexOf(0x0a) + 1
    rest = bytes.subarray(end)
    const lines = bytes.toString("utf8", 0, end).split("\n").slice(0, -1)
    const text = lines.filter((line) => passes(line, filter)).map((line) => `${line}\n`).join("")
    if (text !== "") yield text
  }
}

export async function* readJournalFile(path: string, filter: JournalFilter): AsyncGenerator<string> {
  // The newer first: where it is put aside in between, it is met again as the older one, and not missed.
  const newer = await openIfThere(path)
  const older = await openIfThere(`${path}.1`)
  try {
    if (filter.keys.length > 0 || filter.since !== null) yield headOf(filter)
    const [newerStat, olderStat] = [await newer?.stat(), await older?.stat()]
    if (older !== null && olderStat !== undefined && olderStat.ino !== newerStat?.ino) {
      yield* readOne(older, olderStat.size, filter)
    }
    if (newer !== null && newerStat !== undefined) yield* readOne(newer, newerStat.size, filter)
  } finally {
    await newer?.close()
    await older?.close()
  }
}
