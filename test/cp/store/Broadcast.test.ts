import { Effect, Fiber, Stream } from "effect"
import { expect, it } from "vitest"
import { Broadcast } from "../../../src/cp/store/Broadcast.ts"

/** Collects what it hears, batch by batch, from now on. */
const subscribe = (broadcast: Broadcast<number>) => {
  const heard: Array<ReadonlyArray<number>> = []
  const fiber = Effect.runFork(Stream.runForEachArray(broadcast.stream, (batch) => Effect.sync(() => heard.push(batch))))
  return { heard, stop: () => Effect.runPromise(Fiber.interrupt(fiber)) }
}

it("is heard by all who wait before the call that publishes it returns", async () => {
  const broadcast = new Broadcast<number>()
  const subscribers = [subscribe(broadcast), subscribe(broadcast)]
  for (const batch of [[1, 2], [], [3]]) broadcast.publish(batch)
  for (const { heard } of subscribers) expect(heard).toEqual([[1, 2], [3]])
  await Promise.all(subscribers.map(({ stop }) => stop()))
})

it("waits together for who is busy, and tells nobody who came later or went", async () => {
  const broadcast = new Broadcast<number>()
  const gone = subscribe(broadcast)
  await gone.stop()
  const pulled = Effect.scoped(Effect.gen(function*() {
    const pull = yield* Stream.toPull(broadcast.stream)
    broadcast.publish([1])
    broadcast.publish([2, 3])
    const first = yield* pull
    broadcast.publish([4])
    return [first, yield* pull]
  }))
  expect(await Effect.runPromise(pulled)).toEqual([[1, 2, 3], [4]])
  const late = subscribe(broadcast)
  expect([gone.heard, late.heard]).toEqual([[], []])
  await late.stop()
})
