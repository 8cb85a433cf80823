/** JSON whose every string went through a guard, names of fields included: some maps have names that others chose. */

/** Most names are those of our own fields, and come again with each entry: these are looked at once. */
const MAX_KNOWN = 1_000
const MAX_KNOWN_LENGTH = 64

/**
 * Of names that the guard makes the same the last one stays. `suspects`: whether the guard could change anything in
 * this JSON; where it can't, which is nearly always, no string is looked at on its own.
 */
export const guardedJson = (
  guard: (text: string) => string,
  suspects: (json: string) => boolean
): (value: object) => string => {
  const clean = new Set<string>()
  const guardName = (name: string): string => {
    if (clean.has(name)) return name
    const safe = guard(name)
    if (safe === name && name.length <= MAX_KNOWN_LENGTH && clean.size < MAX_KNOWN) clean.add(name)
    return safe
  }
  const replace = (_: string, value: unknown): unknown => {
    if (typeof value === "string") return guard(value)
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value
    return Object.keys(value).every((name) => guardName(name) === name)
      ? value
      : Object.fromEntries(Object.entries(value).map(([name, field]) => [guardName(name), field]))
  }
  return (value) => {
    const json = JSON.stringify(value)
    return suspects(json) ? JSON.stringify(value, replace) : json
  }
}
