/** What one journal says of one task. */
import type { RecordedEntry } from "../../controllers/replay/readLines.ts"

export interface JournalOfTask {
  /** Where it was read: an address or a file. */
  readonly from: string
  /** The instance that answered, where one was asked. */
  readonly instance: string | null
  /** The task's, its role's, and those that say who wrote the journal. */
  readonly entries: ReadonlyArray<RecordedEntry>
  /** Lines that can't be trusted. */
  readonly damaged: number
  /** Lines that a crash cut off. */
  readonly torn: number
  /** The time of its last line, whomever that is about; null where its replica lives and answered. */
  readonly until: string | null
}
