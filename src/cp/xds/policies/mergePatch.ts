/** What several confs say together, the last one having the last word. */

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Objects are merged field by field, lists are replaced. https://www.rfc-editor.org/rfc/rfc7396 */
export const mergePatch = <C extends object>(before: C, after: C): C => {
  const fields = Object.entries(after).map(([name, value]: [string, unknown]) => {
    const known: unknown = Object.entries(before).find(([key]) => key === name)?.[1]
    return [name, isObject(known) && isObject(value) ? mergePatch(known, value) : value] as const
  })
  return { ...before, ...Object.fromEntries(fields) }
}

/** Null where nothing is said. */
export const merged = <C extends object>(confs: ReadonlyArray<C>): C | null =>
  confs.length === 0 ? null : confs.reduce(mergePatch)
