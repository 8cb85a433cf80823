/** The caller's app calls `backend` by its tag, and by the address that its MeshService was given. */
import { callTimes } from "../Calls.ts"
import { judgeCalls } from "../judgeCalls.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"

const TIMES = 20

export const callEachOther: Scene = async (world, tell) => {
  const instances = ["b1", "b2"]
  const addresses = instances.map((name) => world.proxy(name).address)
  await lookUntil(() => world.proxy("front").endpoints(), (known) => addresses.every((one) => known.includes(one)))
  const byAddress = await lookUntil(() => world.byAddress("backend"), () => true)
  if (byAddress === null) throw new Error("backend was given no address")
  // Its Envoy binds that address a moment after it was given.
  await lookUntil(() => callTimes(byAddress, 1), ({ answers }) => answers.size > 0)
  for (const [way, url] of [["by tag", world.byTag()], ["by address", byAddress]] as const) {
    tell(judgeCalls(way, await callTimes(url, TIMES), { instances, least: TIMES }))
  }
}
