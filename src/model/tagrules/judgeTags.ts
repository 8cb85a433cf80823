/**
 * Judges whether a role's tags allow what a task wants to be. Receives tags that somebody else has read, answers
 * every violation at once, and never asks AWS nor the store. The operator and the authentication both ask it, so a
 * task that the operator registers is one that the control plane lets in.
 */
import { allowedRoleTags } from "./allowedRoleTags.ts"
import { meshMatches } from "./meshMatches.ts"
import { requiredRoleTags } from "./requiredRoleTags.ts"
import { serviceRestricted } from "./serviceRestricted.ts"
import type { TagPolicy, TagSubject, TagViolation } from "./TagPolicy.ts"
import { taskAgrees } from "./taskAgrees.ts"
import { typeMatches } from "./typeMatches.ts"
import { workloadRestricted } from "./workloadRestricted.ts"

const POLICIES: ReadonlyArray<TagPolicy> = [
  requiredRoleTags,
  allowedRoleTags,
  typeMatches,
  meshMatches,
  serviceRestricted,
  workloadRestricted,
  taskAgrees
]

/** All violations, in the order of the policies; empty where the proxy may join. */
export const judgeTags = (subject: TagSubject): ReadonlyArray<TagViolation> =>
  POLICIES.flatMap((policy) => policy(subject))
