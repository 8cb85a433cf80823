/** Reads durations in the three ways that Kuma's resources write them. All answer milliseconds. */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6, us: 1e-3, "µs": 1e-3, "μs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000
}

const PART = String.raw`(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)`

/** Go's: `1h30m`, `250ms`, `0`, `-5s`. Undefined where it isn't one. https://pkg.go.dev/time#ParseDuration */
export const parseDuration = (text: string): number | undefined => {
  const unsigned = text.replace(/^[+-]/, "")
  if (unsigned === "0") return 0
  if (!new RegExp(`^(${PART})+$`).test(unsigned)) return undefined
  const sum = [...unsigned.matchAll(new RegExp(PART, "g"))].reduce(
    (total, [, amount, unit]) => total + Number(amount) * (UNITS[unit ?? ""] ?? 0),
    0
  )
  return text.startsWith("-") && sum !== 0 ? -sum : sum
}

const DAY = 24 * 3_600_000
const MESH_UNITS: Readonly<Record<string, number>> = {
  ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY, w: 7 * DAY, y: 365 * DAY
}

/** Of a Mesh's certificates: one whole number and one unit of `ms s m h d w y`, or `0`. */
export const parseMeshDuration = (text: string): number | undefined => {
  if (text === "0") return 0
  const [, amount, unit] = /^(\d+)(ms|[smhdwy])$/.exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * (MESH_UNITS[unit ?? ""] ?? 0)
}

/** Of protobuf's JSON: seconds with at most nine decimals, `1.5s`, or `0`. */
export const parseProtobufDuration = (text: string): number | undefined =>
  text === "0" ? 0 : /^-?\d+(\.\d{1,9})?s$/.test(text) ? Number(text.slice(0, -1)) * 1000 : undefined
