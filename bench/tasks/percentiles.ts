/** Nearest-rank percentiles: with few values p99 is the greatest. */
export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** `digits`: places behind the point. */
export const percentiles = (values: ReadonlyArray<number>, digits = 0): Percentiles => {
  const sorted = values.toSorted((a, b) => a - b)
  const scale = 10 ** digits
  const at = (share: number): number =>
    Math.round((sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN) * scale) / scale
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
