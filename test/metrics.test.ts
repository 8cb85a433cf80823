// Metrics are named as Prometheus' conventions say, and each is told of. https://prometheus.io/docs/practices/naming/
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { expect, it } from "vitest"

const root = resolve(import.meta.dirname, "..")
const docs = readFileSync(join(root, "docs", "observability.md"), "utf8")

const DEFINED = /Metric\.(counter|gauge|histogram)\("([^"]+)", \{\s*description:/g

const metrics = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .flatMap((entry) => [...readFileSync(join(entry.parentPath, entry.name), "utf8").matchAll(DEFINED)])
  .map(([, kind = "", name = ""]) => ({ kind, name }))

it("are found at all, and none twice", () => {
  expect(metrics.length).toBeGreaterThan(20)
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length)
})

it.each(metrics)("$name, a $kind, is named by what it is and its base unit", ({ kind, name }) => {
  expect(name).toMatch(/^(ecs_mesh|process)_[a-z]+(_[a-z]+)*$/)
  expect(name.endsWith("_total")).toBe(kind === "counter")
  if (kind === "histogram") expect(name).toMatch(/_(seconds|bytes)$/)
  expect(name).not.toMatch(/_(millis|milliseconds|ms|minutes|kilobytes|kb|percent|count|sum|bucket)(_|$)/)
})

it.each(metrics)("$name is told of", ({ name }) => {
  expect(docs).toContain(`\`${name}\``)
})

it("nothing else is told of", () => {
  const told = [...docs.matchAll(/`((?:ecs_mesh|process)_[a-z_]+)`/g)].map(([, name]) => name)
  expect(told.filter((name) => !metrics.some((metric) => metric.name === name))).toEqual([])
})
