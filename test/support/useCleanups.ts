import { afterEach } from "vitest"

export type Cleanups = Array<() => unknown>

/** What a test puts in here is done after it, passed or failed, the last first. */
export const useCleanups = (): Cleanups => {
  const cleanups: Cleanups = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return cleanups
}
