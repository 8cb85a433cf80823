import { afterEach, expect, it } from "vitest"
import { keepPoolsSmall } from "../../../src/cp/server/keepPoolsSmall.ts"

const { poolSize } = Buffer
afterEach(() => {
  Buffer.poolSize = poolSize
})

it("one small buffer that is kept of every thousand keeps 4 KiB", () => {
  keepPoolsSmall()
  const kept = Array.from({ length: 100 }, () => {
    let last = Buffer.from("")
    for (let place = 0; place < 1_000; place++) last = Buffer.from("some hundred bytes or so ".repeat(4))
    return last
  })
  const slabs = new Set(kept.map(({ buffer }) => buffer))
  expect([...slabs].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThanOrEqual(100 * 4 * 1024)
})
