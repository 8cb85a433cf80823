/** Puts a run's journal where the next run doesn't wipe it. The newest few are kept. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"

/** In the demo's folder; the only thing there that outlives a run. */
export const JOURNALS = "journals"

const KEPT = 5

export const journalOf = (folder: string): string => join(folder, "control-plane", "journal.jsonl")

/** Where the journal of a run goes that began at this time, in Unix milliseconds. */
export const keptJournal = (folder: string, beganAt: number): string =>
  join(folder, JOURNALS, `${new Date(beganAt).toISOString().replaceAll(":", "").slice(0, 17)}Z.jsonl`)

/** A run's journal is its file and what was rotated away before it; the newest runs have the last names. */
const forgetOldest = (journals: string): void => {
  const names = readdirSync(journals)
  const runs = [...new Set(names.map((name) => name.slice(0, name.indexOf("."))))].sort()
  const old = new Set(runs.slice(0, -KEPT))
  for (const name of names) if (old.has(name.slice(0, name.indexOf(".")))) rmSync(join(journals, name))
}

/** The path of what it has kept; null where the run left no journal. Its operator must have ended. */
export const keepJournal = (folder: string, beganAt?: number): string | null => {
  const journal = journalOf(folder)
  if (!existsSync(journal)) return null
  const kept = keptJournal(folder, beganAt ?? statSync(journal).mtimeMs)
  mkdirSync(join(folder, JOURNALS), { recursive: true })
  for (const suffix of ["", ".1"]) if (existsSync(journal + suffix)) renameSync(journal + suffix, kept + suffix)
  forgetOldest(join(folder, JOURNALS))
  return kept
}
