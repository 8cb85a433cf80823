/** Waits until it holds; fails with what was seen last. A look that throws holds as little as one that doesn't. */
export const until = async <A>(
  what: string,
  look: () => Promise<A> | A,
  holds: (seen: A) => boolean,
  withinMillis = 30_000
): Promise<A> => {
  const end = Date.now() + withinMillis
  for (;;) {
    let last: string
    try {
      const seen = await look()
      if (holds(seen)) return seen
      last = JSON.stringify(seen)
    } catch (error) {
      last = String(error)
    }
    if (Date.now() > end) throw new Error(`${what}: still ${last} after ${withinMillis} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
