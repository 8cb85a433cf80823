/** A kuma-dp is asked to end: callers' Envoys let go of it before its own Envoy is gone, and no call is lost. */
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"
import { underLoad } from "./underLoad.ts"

export const drain: Scene = async (world, tell) => {
  const [front, drained] = [world.proxy("front"), world.proxy("b2")]
  await underLoad(world, tell, ["b1", "b2"], async () => {
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
      what: "a drained proxy leaves before its Envoy ends",
      seen: `${isGone ? `left after ${leftMillis} ms` : "stayed"}; its Envoy ` +
        `${stillAnswers ? "still ran" : "had ended"}, and ended with kuma-dp after ${millis} ms (status ${code})`,
      holds: was && isGone && stillAnswers && code === 0
    })
  })
}
