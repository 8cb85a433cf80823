/** What `--until` names: a `seq`, a time, or a date, which is meant to its end. Pure. */
import type { FoldOptions } from "../../controllers/replay/foldJournal.ts"

const DATE = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/
const DAY_MILLIS = 24 * 3_600_000

/** Null where it is neither. */
export const readUntil = (text: string): NonNullable<FoldOptions["until"]> | null => {
  if (/^\d+$/.test(text)) return { seq: Number(text) }
  const isDate = DATE.test(text)
  // A time without its zone would be another one on each machine.
  if (!isDate && !TIME.test(text)) return null
  const time = Date.parse(text)
  if (Number.isNaN(time)) return null
  return { time: isDate ? time + DAY_MILLIS - 1 : time }
}
