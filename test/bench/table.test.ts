// The bench's tables.
import { expect, it } from "vitest"
import { growthTable, type Measured, spread, table } from "../../bench/mesh/table.ts"
import { percentiles } from "../../bench/tasks/percentiles.ts"

const measured = (proxies: number, run: number, storm: number): Measured => ({
  subject: "ecs-mesh",
  proxies,
  run,
  figures: { storm, endpointForeignBytes: 0 }
})

it("the least, the middle and the greatest of several runs are told", () => {
  expect(spread([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 })
  expect(spread([4, 1, 2, 3])).toEqual({ min: 1, median: 2, max: 4 })
  expect(spread([])).toBeNull()
})

it("a figure is one line, with what nobody measured left out", () => {
  const text = table([measured(50, 1, 1), measured(50, 2, 3), measured(50, 3, 2), measured(200, 1, 4)])
  expect(text.split("\n")).toEqual([
    "|  | ecs-mesh, 50 | ecs-mesh, 200 |",
    "| --- | --- | --- |",
    "|   bytes to others, a change, B | 0 | 0 |",
    "| reconnect storm, until all are whole, s | 1 / 2 / 3 | 4 |"
  ])
})

it("growth is the factor between the smallest and the largest mesh, where there is one", () => {
  const lines = growthTable([measured(50, 1, 2), measured(200, 1, 3), measured(2_000, 1, 10)]).split("\n")
  expect(lines.slice(2)).toEqual(["| reconnect storm, until all are whole | ×5 |"])
})

it("percentiles are values that were measured, rounded as asked", () => {
  const values = Array.from({ length: 200 }, (_, place) => place + 1.26)
  expect(percentiles(values, 1)).toEqual({ count: 200, p50: 100.3, p99: 198.3, max: 200.3 })
  expect(percentiles(values).p99).toBe(198)
})
