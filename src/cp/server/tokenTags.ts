/** Whether a Dataplane is one that its token was made for. Pure. */
import type { Tags } from "../../model/Tags.ts"
import type { Identity } from "../auth/Authenticator.ts"

/** What to change, or null: every tag set carries every tag of the token with one of its values. */
export const tokenTags = (identity: Identity, tagSets: ReadonlyArray<Tags>): string | null => {
  if (identity.method !== "dataplane-token" && identity.method !== "zone-token") return null
  for (const [tag, allowed] of Object.entries(identity.tags)) {
    for (const tags of tagSets) {
      const value = tags[tag]
      if (value !== undefined && allowed.includes(value)) continue
      const found = value === undefined ? "has none" : `has "${value}"`
      return `the token is for a Dataplane whose tag "${tag}" is one of [${allowed.join(", ")}], but it ${found}; ` +
        "change the Dataplane's tag or generate a token for it"
    }
  }
  return null
}
