import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "@effect/vitest"
import type { Exit } from "../../../localstack/process/startProcess.ts"
import { restartEnded } from "../../../src/cli/demo/restartEnded.ts"

/** A control plane of which nothing but its end matters here. */
const process = (pid: number) => {
  let end = (_: Exit): void => {}
  const exited = new Promise<Exit>((resolve) => {
    end = resolve
  })
  const stop = () => exited
  return { pid, exited, end, exit: () => undefined, output: () => "", signal: () => {}, stop }
}

describe("a control plane that ended by itself", () => {
  it.effect("is told of with its process, and started again, later each time", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      let heard = yield* Deferred.make<void>()
      const say = (text: string): void => {
        told.push(text)
        Deferred.doneUnsafe(heard, Effect.void)
      }
      let current = process(11)
      let starts = 0
      const restartControlPlane = async (): Promise<void> => {
        starts++
        if (starts === 1) throw new Error("its port is taken")
        current = process(22)
      }
      const fiber = yield* Effect.forkChild(restartEnded({ controlPlane: () => current, restartControlPlane }, say))
      const next = Effect.gen(function*() {
        yield* Deferred.await(heard)
        heard = yield* Deferred.make<void>()
      })

      current.end({ code: null, signal: "SIGKILL" })
      yield* next
      expect(told[0]).toMatch(/^process 11 ended by SIGKILL\. Traffic goes on: .* in 1 s$/)
      yield* TestClock.adjust("1 second")
      yield* next
      expect(told[1]).toBe("can't be started again: its port is taken")
      if (told.length < 3) yield* next
      expect(told[2]).toMatch(/ in 2 s$/)
      expect(starts).toBe(1)
      yield* TestClock.adjust("2 seconds")
      yield* next
      expect(told[3]).toMatch(/^runs again as process 22, after /)
      yield* Fiber.interrupt(fiber)
    }))
})
