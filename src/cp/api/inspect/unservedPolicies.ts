/** Proxies of a policy of a type that isn't offered here: there is no such policy, and so it is said. */
import { Effect } from "effect"
import { notFound } from "../Refusal.ts"
import { UNSERVED } from "../unserved.ts"
import { requireView } from "./answers.ts"
import type { InspectEntry } from "./InspectEntry.ts"

export const unservedPolicyEntries: ReadonlyArray<InspectEntry> = Object.entries(UNSERVED)
  .map(([segment, { type }]) => ({
    path: `/meshes/{mesh}/${segment}/{name}/dataplanes`,
    summary: `The proxies of a ${type}, of which there is none`,
    answer: (question) => Effect.andThen(requireView(question), Effect.fail(notFound(`Could not find ${type}`)))
  }))
