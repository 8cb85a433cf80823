/**
 * A kuma-dp is asked to end: callers' Envoys let go of it before its own Envoy is gone, and no call is lost. Then one
 * whose Dataplane has no probe.
 */
import { lookUntil } from "../lookUntil.ts"
import type { Proxy } from "../Proxy.ts"
import type { Scene, Tell, World } from "../World.ts"
import { underLoad } from "./underLoad.ts"

const drainOne = async (world: World, tell: Tell, drained: Proxy, what: string): Promise<void> => {
  const front = world.proxy("front")
  const known = await front.endpoints()
  const began = Date.now()
  const ended = drained.drain().then(({ code }) => ({ code, millis: Date.now() - began }))
  world.forget(drained)
  const left = await lookUntil(() => front.endpoints(), (endpoints) => !endpoints.includes(drained.address), 30_000)
  const leftMillis = Date.now() - began
  const [was, isGone] = [known.includes(drained.address), left !== null && !left.includes(drained.address)]
  const stillAnswers = await drained.envoyAnswers()
  const { code, millis } = await ended
  tell({
    what: `${what} leaves before its Envoy ends`,
    seen: `${was ? "" : "wasn't there; "}${isGone ? `left after ${leftMillis} ms` : "stayed"}; its Envoy ` +
      `${stillAnswers ? "still ran" : "had ended"}, and ended with kuma-dp after ${millis} ms (status ${code})`,
    holds: was && isGone && stillAnswers && code === 0
  })
}

export const drain: Scene = async (world, tell) => {
  // A service of its own: nobody calls it. It reports every 5 s, so it has before its turn comes.
  const unprobed = await world.enterApp("unprobed", "127.0.0.18", "unprobed", { template: "unprobed.yaml" })
  await lookUntil(() => world.proxy("front").endpoints(), (endpoints) => endpoints.includes(unprobed.address))
  await underLoad(world, tell, ["b1", "b2"], () => drainOne(world, tell, world.proxy("b2"), "a drained proxy"))
  await drainOne(world, tell, unprobed, "a drained proxy without probes")
}
