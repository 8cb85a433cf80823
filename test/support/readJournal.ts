import { existsSync, readFileSync } from "node:fs"
import type { JournalEntry } from "../../src/model/Journal.ts"

export type WrittenEntry = JournalEntry & { readonly seq: number; readonly time: string }

/** Every whole line of a journal; it is written within a tenth of a second. */
export const readJournal = (path: string): ReadonlyArray<WrittenEntry> =>
  existsSync(path)
    ? readFileSync(path, "utf8").split("\n").slice(0, -1).map((line): WrittenEntry => JSON.parse(line))
    : []
