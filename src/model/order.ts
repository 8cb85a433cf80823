/** Orders that have to be the same wherever they are asked for. Pure. */

/** By code units: the same whatever the locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Aged {
  /** ISO 8601, UTC. */
  readonly creationTime: string
  readonly name: string
}

/** The oldest first; of two of one moment the first by name. */
export const byAge = (a: Aged, b: Aged): number =>
  compareText(a.creationTime, b.creationTime) || compareText(a.name, b.name)
