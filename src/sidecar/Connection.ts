/** Whether Envoy has its stream to the control plane, folded from samples of a stat that flickers. Pure. */

export interface Connection {
  /** Unix milliseconds; null while connected. */
  readonly lostAt: number | null
  readonly lastSample: boolean
}

export const initialConnection = (now: number): Connection => ({ lostAt: now, lastSample: false })

/**
 * A stream that is refused counts as connected for a moment on each try, so only two samples in a row are a connection;
 * one without is a loss.
 */
export const foldSample = (connection: Connection, sample: boolean, now: number): Connection => {
  if (!sample) return { lostAt: connection.lostAt ?? now, lastSample: false }
  return { lostAt: connection.lastSample ? null : connection.lostAt, lastSample: true }
}
