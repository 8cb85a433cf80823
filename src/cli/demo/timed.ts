/** A part of the start with the time that it took, in columns. Pure. */

/** As long as the longest label. */
const WIDTH = 48

export const timed = (what: string, millis: number): string =>
  `  ${what.padEnd(WIDTH)} ${(millis / 1000).toFixed(1).padStart(5)} s`
