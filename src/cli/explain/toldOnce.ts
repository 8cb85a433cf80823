/** A long reason stands in a condition, a decision and each refusal: people read it once. Pure but for what it saw. */

const LONG = 80

/** What stands behind its name: `RoleTagMissing: role ...`, up to how often it came. */
const REASON = /([A-Z][A-Za-z]+): (.+?)( \(\d+ times\))?$/

/** For lines in the order in which they are read. */
export const toldOnce = (): (line: string) => string => {
  const told = new Set<string>()
  return (line) => {
    const [, name, reason = "", times = ""] = REASON.exec(line) ?? []
    if (name === undefined || reason.length < LONG) return line
    const known = told.has(reason)
    told.add(reason)
    return known ? `${line.slice(0, line.lastIndexOf(reason))}(as above)${times}` : line
  }
}
