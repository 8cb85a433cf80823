/** All paths at which somebody asks how things are: a further one is an entry in its file. */
import { configEntries } from "./config.ts"
import { adminEntries } from "./admin.ts"
import { entryFinder, type InspectEntry } from "./InspectEntry.ts"
import { insightEntries } from "./insights.ts"
import { layoutEntries } from "./layout.ts"
import { policyEntries } from "./policies.ts"
import { ruleEntries } from "./rules.ts"
import { unservedPolicyEntries } from "./unservedPolicies.ts"
import { zoneEntries } from "./zones.ts"

export const inspectEntries: ReadonlyArray<InspectEntry> = [
  ...insightEntries,
  ...zoneEntries,
  ...policyEntries,
  ...ruleEntries,
  ...layoutEntries,
  ...configEntries,
  ...adminEntries
]

/** Those of types that aren't offered are in no description. */
export const findInspectEntry = entryFinder([...inspectEntries, ...unservedPolicyEntries])
