/** Durations as Kuma's YAML and environment write them: Go's, such as `5s`, `1h30m`, `250ms`, `0`. */

const MILLIS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000
}

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y

/** Milliseconds, or undefined where the text is no duration. */
export const parseGoDuration = (text: string): number | undefined => {
  const sign = text.startsWith("-") ? -1 : 1
  const digits = text.replace(/^[+-]/, "")
  if (digits === "0") return 0
  if (digits === "") return undefined
  let millis = 0
  let at = 0
  while (at < digits.length) {
    PART.lastIndex = at
    const part = PART.exec(digits)
    if (part === null) return undefined
    millis += Number(part[1]) * (MILLIS[part[2] ?? ""] ?? NaN)
    at = PART.lastIndex
  }
  return sign * millis
}
