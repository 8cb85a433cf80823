// What the bench takes for the CPU of a process and of all that it has started.
import { spawnSync } from "node:child_process"
import { expect, it } from "vitest"
import { familyCpuSeconds, residentMB } from "../../bench/mesh/processUse.ts"
import { cpuSeconds } from "../../bench/tasks/cpuSeconds.ts"

it("a child's CPU still counts for its parent when the child has ended", () => {
  const before = familyCpuSeconds(process.pid)
  const burn = "while (process.cpuUsage().user < 300_000) for (let i = 0; i < 1e6; i++);"
  expect(spawnSync(process.execPath, ["-e", burn]).status).toBe(0)
  expect(familyCpuSeconds(process.pid) - before).toBeGreaterThanOrEqual(0.25)
})

it("CPU is counted finer than in the kernel's ticks, of which idling takes less than one a second", () => {
  const ticks = Array.from({ length: 100 }, () => cpuSeconds(process.pid) * 100)
  expect(ticks.some((count) => Math.abs(count - Math.round(count)) > 0.001)).toBe(true)
  expect(ticks).toEqual(ticks.toSorted((one, other) => one - other))
})

it("memory is what the kernel says is resident", () => {
  const { rss } = process.memoryUsage()
  expect(residentMB(process.pid) * 2 ** 20).toBeGreaterThan(rss / 2)
  expect(residentMB(process.pid) * 2 ** 20).toBeLessThan(rss * 2)
})
