import { setTimeout as delay } from "node:timers/promises"

const EVERY_MILLIS = 50

/**
 * Looks again and again until it holds or the time is over; gives what was seen last, either way, for a check to judge.
 * null where the last look failed.
 */
export const lookUntil = async <A>(
  look: () => Promise<A> | A,
  holds: (seen: A) => boolean,
  withinMillis = 60_000
): Promise<A | null> => {
  const end = Date.now() + withinMillis
  for (;;) {
    let seen: A | null = null
    try {
      const looked = await look()
      if (holds(looked)) return looked
      seen = looked
    } catch {
      // Nothing answers yet.
    }
    if (Date.now() > end) return seen
    await delay(EVERY_MILLIS)
  }
}
