/** An app ends without its proxy: its Envoy finds out (HDS), and callers' Envoys leave it alone until it is back. */
import { callTimes } from "../Calls.ts"
import type { Check } from "../Check.ts"
import { judgeCalls } from "../judgeCalls.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"

const TIMES = 20

export const fallIll: Scene = async (world, tell) => {
  const { address } = world.proxy("b1")
  const isKnown = async (): Promise<boolean> => (await world.proxy("front").endpoints()).includes(address)
  /** Whether it leaves, or comes, when something happens to its app. */
  const follow = async (there: boolean, happen: () => Promise<void>): Promise<Pick<Check, "holds" | "seen">> => {
    const before = await lookUntil(isKnown, (known) => known !== there, 30_000)
    if (before !== !there) return { seen: there ? "it was there before" : "it wasn't there", holds: false }
    await happen()
    const began = Date.now()
    const holds = await lookUntil(isKnown, (known) => known === there, 30_000) === there
    return { seen: holds ? `after ${Date.now() - began} ms` : "not within 30 s", holds }
  }

  const app = world.app("b1")
  tell({ what: "an unhealthy endpoint leaves", ...await follow(false, () => app.end()) })
  tell(judgeCalls("calls without it", await callTimes(world.byTag(), TIMES), { instances: ["b2"], least: TIMES }))
  tell({ what: "it comes back", ...await follow(true, () => app.start()) })
  tell(judgeCalls("calls with it", await callTimes(world.byTag(), TIMES), { instances: ["b1", "b2"], least: TIMES }))
}
