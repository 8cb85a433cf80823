/** Finds the name that somebody meant who wrote another one. Pure. */

/** Longer names are nobody's slip, and comparing them would take long. */
const MAX_LENGTH = 64

const bare = (name: string): string => name.toLowerCase().replace(/[-_]/g, "")

/** How many letters must be changed, added, left out or swapped with their neighbour. */
const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let above: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const line = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line.push(Math.min(
        (above[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity
      ))
    }
    before = above
    above = line
  }
  return above[b.length] ?? 0
}

/** The same name in other letters' cases or with underscores, as Kuma's parsers take it. */
export const spelledOtherwise = (name: string, known: ReadonlyArray<string>): string | undefined =>
  name.length > MAX_LENGTH ? undefined : known.find((one) => one !== name && bare(one) === bare(name))

/** The nearest of the known names, where it is near enough for a slip: a third of its letters at most. */
const nearestName = (name: string, known: ReadonlyArray<string>): string | undefined => {
  if (name.length > MAX_LENGTH) return undefined
  const [best] = known
    .map((one) => ({ one, steps: distance(bare(name), bare(one)) }))
    .filter(({ one, steps }) => steps <= Math.max(1, Math.floor(Math.min(one.length, name.length) / 3)))
    .sort((a, b) => a.steps - b.steps)
  return best?.one
}

/** What is said of a field that nobody knows. */
export const unknownField = (name: string, known: ReadonlyArray<string>): string => {
  const meant = spelledOtherwise(name, known) ?? nearestName(name, known)
  return meant === undefined ? "unknown field" : `unknown field; did you mean "${meant}"?`
}
