/** An app ends without its proxy: its Envoy finds out (HDS), and callers' Envoys leave it alone until it is back. */
import { callTimes } from "../Calls.ts"
import { judgeCalls } from "../judgeCalls.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"

const TIMES = 20

export const fallIll: Scene = async (world, tell) => {
  const { address } = world.proxy("b1")
  const follow = async (there: boolean): Promise<{ readonly seen: string; readonly holds: boolean }> => {
    const began = Date.now()
    const known = await lookUntil(
      () => world.proxy("front").endpoints(),
      (endpoints) => endpoints.includes(address) === there,
      30_000
    )
    const holds = known !== null && known.includes(address) === there
    return { seen: holds ? `after ${Date.now() - began} ms` : "not within 30 s", holds }
  }

  await world.app("b1").end()
  tell({ what: "an unhealthy endpoint leaves", ...await follow(false) })
  tell(judgeCalls("calls without it", await callTimes(world.byTag(), TIMES), { instances: ["b2"], least: TIMES }))
  await world.app("b1").start()
  tell({ what: "it comes back", ...await follow(true) })
  tell(judgeCalls("calls with it", await callTimes(world.byTag(), TIMES), { instances: ["b1", "b2"], least: TIMES }))
}
