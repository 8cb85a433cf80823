import { Effect, Logger } from "effect"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { lineLogger } from "../../src/cli/programLog.ts"

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }))
afterEach(() => void vi.useRealTimers())

const open = () => {
  const written: Array<string> = []
  const { flush, logger } = lineLogger((text) => void written.push(text))
  /** What each write said, by its entries' messages. */
  const messages = () => written.map((text) => [...text.matchAll(/message="?(\w+)/g)].map(([, message]) => message))
  const log = (effect: Effect.Effect<void>) => Effect.runSync(Effect.provide(effect, Logger.layer([logger])))
  return { written, messages, log, flush }
}

it("entries of one moment are written together, each on its line", () => {
  const { log, messages, written } = open()
  for (const who of ["a", "b", "c"]) log(Effect.logInfo(who))
  expect(written).toEqual([])
  vi.advanceTimersByTime(20)
  expect(messages()).toEqual([["a", "b", "c"]])
  expect(written[0]).toMatch(/^(?:timestamp=\S+ level=\S+ .*\n){3}$/)
  log(Effect.logInfo("d"))
  vi.advanceTimersByTime(20)
  expect(messages()).toEqual([["a", "b", "c"], ["d"]])
})

it("a warning is written at once, after what came before it", () => {
  const { log, messages } = open()
  log(Effect.logInfo("a"))
  log(Effect.logWarning("b"))
  expect(messages()).toEqual([["a", "b"]])
  log(Effect.logError("c"))
  expect(messages()).toEqual([["a", "b"], ["c"]])
  vi.advanceTimersByTime(100)
  expect(messages()).toEqual([["a", "b"], ["c"]])
})

it("what is held is written when the process ends", () => {
  const { flush, log, messages } = open()
  log(Effect.logInfo("a"))
  flush()
  flush()
  expect(messages()).toEqual([["a"]])
})

it("is JSON where that is asked for: one object a line, with its fields", () => {
  const written: Array<string> = []
  const { flush, logger } = lineLogger((text) => void written.push(text), "json")
  const log = Effect.logInfo("a proxy connected").pipe(Effect.annotateLogs({ proxy: "Dataplane/default/kv-1" }))
  Effect.runSync(Effect.provide(log, Logger.layer([logger])))
  flush()
  const [line = ""] = written.join("").split("\n")
  expect(JSON.parse(line)).toMatchObject({
    level: "INFO", message: "a proxy connected", annotations: { proxy: "Dataplane/default/kv-1" }
  })
})
