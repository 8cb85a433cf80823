/**
 * Wait before the try after the `attempt`th (from 0): doubles from `base` to ten times that, and up to a fifth
 * of it either way, so that a fleet that lost its control plane doesn't come back as one.
 */
export const backoffMillis = (attempt: number, base: number, random: number): number =>
  Math.round(Math.min(base * 2 ** Math.min(attempt, 10), base * 10) * (0.8 + 0.4 * random))

/**
 * The same, but not before the control plane wants to be asked again (null: it didn't say), and up to half of that
 * later: it tells everybody the same, who would come back as one.
 */
export const waitMillis = (attempt: number, base: number, random: number, retryAfterMillis: number | null): number =>
  Math.max(backoffMillis(attempt, base, random), Math.round((retryAfterMillis ?? 0) * (1 + random / 2)))
