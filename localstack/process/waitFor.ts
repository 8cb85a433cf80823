import { setTimeout as delay } from "node:timers/promises"

/**
 * Asks `attempt` again, every `everyMillis`, until it gives a value other than undefined; gives that value. A thrown
 * error counts as "not yet" and is the cause of the final error.
 */
export const waitFor = async <A>(
  what: string,
  attempt: () => Promise<A | undefined> | A | undefined,
  { withinMillis = 15_000, everyMillis = 50 }: { readonly withinMillis?: number; readonly everyMillis?: number } = {}
): Promise<A> => {
  const deadline = Date.now() + withinMillis
  let cause: unknown
  for (;;) {
    try {
      const value = await attempt()
      if (value !== undefined) return value
    } catch (error) {
      cause = error
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMillis} ms`, { cause })
    await delay(everyMillis)
  }
}

/** Waits for a server's first answer; fails at once, with its output, when its process ends before. */
export const waitForHttp = async (
  url: string,
  server: { readonly exit: () => unknown; readonly output: () => string },
  withinMillis = 30_000
): Promise<void> => {
  const answered = await waitFor(url, async () => {
    if (server.exit() !== undefined) return "ended" as const
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.body?.cancel()
    return response.ok ? "up" as const : undefined
  }, { withinMillis })
  if (answered === "ended") throw new Error(`The server of ${url} ended at start:\n${server.output()}`)
}
