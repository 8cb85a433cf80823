/** Whose journal it is and whether that replica leads, by what it last said of itself. Pure. */
import { at, textAt } from "./fields.ts"
import type { JournalOfTask } from "./JournalOfTask.ts"
import type { Source } from "./Story.ts"

export const sourceOf = ({ entries, from, instance }: JournalOfTask): Source => {
  const told = entries.findLast(({ kind }) => kind === "replica")
  const leads = at(told?.fields, "leads")
  return {
    from,
    instance: instance ?? textAt(told?.fields, "instance"),
    leads: typeof leads === "boolean" ? leads : null,
    entries: entries.filter(({ kind }) => kind !== "replica").length
  }
}
