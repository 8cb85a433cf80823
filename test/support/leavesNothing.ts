/** For files that share a process: none leaves the next another environment, or another clock. */
import { afterAll, expect, vi } from "vitest"

const before = { ...process.env }

afterAll(() => {
  expect({ ...process.env }, "the environment that the file found").toEqual(before)
  expect(vi.isFakeTimers(), "the file's clock is still a stand-in").toBe(false)
})
