/** What was looked at, what was seen there, and whether it is as it must be. Pure. */

export interface Check {
  readonly what: string
  readonly seen: string
  readonly holds: boolean
}

/** One line a check, those that don't hold marked. */
export const checkTable = (checks: ReadonlyArray<Check>): string => {
  const width = Math.max(0, ...checks.map(({ what }) => what.length))
  return checks
    .map(({ holds, seen, what }) => `${holds ? "ok    " : "FAILED"}  ${what.padEnd(width)}  ${seen}`)
    .join("\n")
}
