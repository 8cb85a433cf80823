/** Calls by tag and by address go on while something happens, and after it: none may fail. */
import { setTimeout as delay } from "node:timers/promises"
import { startLoad } from "../Calls.ts"
import { judgeCalls } from "../judgeCalls.ts"
import type { Tell, World } from "../World.ts"

/** Callers make several times as many where the machine has nothing else to do. */
const LEAST_A_SECOND = 10

export const underLoad = async (
  world: World,
  tell: Tell,
  instances: ReadonlyArray<string>,
  event: () => Promise<void>
): Promise<void> => {
  const [byTag, byAddress] = [startLoad(world.byTag()), startLoad(await world.byAddress("backend"))]
  const began = Date.now()
  try {
    await delay(1_000)
    await event()
    await delay(world.plan.seconds * 1_000)
  } finally {
    const calls = await Promise.all([byTag.stop(), byAddress.stop()])
    const least = Math.round((Date.now() - began) / 1_000 * LEAST_A_SECOND)
    calls.forEach((one, index) =>
      tell(judgeCalls(`calls by ${index === 0 ? "tag" : "address"}`, one, { instances, least })))
  }
}
