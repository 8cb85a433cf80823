import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decode } from "../../../src/controllers/event/decode.ts"

const root = join(import.meta.dirname, "..", "..", "..")
/** In the shapes that AWS documents. */
const recorded = join(root, "localstack", "events")
/** What else may come out of a queue. */
const others = join(root, "test", "golden", "controllers", "events")

const eventsIn = (folder: string): ReadonlyArray<readonly [name: string, file: string]> =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".json") && !file.endsWith(".decoded.json"))
    .map((file) => [file.replace(/\.json$/, ""), join(folder, file)])

const events = [...eventsIn(recorded), ...eventsIn(others)]
const read = (file: string): string => readFileSync(file, "utf8")
const decodedOf = (name: string) => decode(read(join(recorded, `${name}.json`)))

describe("decode", () => {
  it("has examples", () => expect(events.length).toBeGreaterThan(60))

  it.each(events)("reads %s as it is recorded", (_, file) => {
    const golden = file.replace(/\.json$/, ".decoded.json")
    const text = `${JSON.stringify(decode(read(file)), null, 2)}\n`
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text)
    expect(existsSync(golden)).toBe(true)
    expect(text).toBe(read(golden))
  })

  it("keeps nothing of an event that may be secret or says who called", () => {
    const all = events.map(([, file]) => read(file)).join("\n")
    const kept = events.map(([, file]) => JSON.stringify(decode(read(file)))).join("\n")
    for (const secret of ["not-for-the-journal", "ASIAEXAMPLE", "192.0.2.1"]) {
      expect(all).toContain(secret)
      expect(kept).not.toContain(secret)
    }
  })

  it("reads what it kept as it read the event", () => {
    for (const [, file] of events) {
      const decoded = decode(read(file))
      if (decoded._tag !== "Ignored") expect(decode(JSON.stringify(decoded.event))).toEqual(decoded)
    }
  })

  it("orders a task's life by what ECS counts, however its events arrive", () => {
    const starts = ["provisioning", "pending", "activating", "running"]
    const life = [...starts, "deactivating", "stopping", "deprovisioning", "stopped"]
    const arrived = [...life].reverse().map((status) => decodedOf(`fargate-service-${status}`))
    const tasks = arrived.filter((decoded) => decoded._tag === "TaskChanged")
    expect(new Set(tasks.map(({ key }) => key)).size).toBe(1)
    const ordered = tasks.toSorted((one, other) => one.version - other.version)
    expect(ordered.map(({ event }) => event.detail.lastStatus.toLowerCase())).toEqual(life)
  })

  it("tells of a value that it can't read only where it stands", () => {
    const event: Record<string, unknown> = JSON.parse(read(join(recorded, "fargate-service-running.json")))
    const details = ["s3cret", ["s3cret"], { clusterArn: { overrides: "s3cret" } }, { eventName: "s3cret word" }]
    for (const detail of details) {
      for (const type of ["ECS Task State Change", "ECS Service Action", "ECS Container Instance State Change"]) {
        const decoded = decode(JSON.stringify({ ...event, "detail-type": type, detail }))
        expect(decoded._tag).toBe("Ignored")
        expect(JSON.stringify(decoded)).not.toContain("s3cret")
      }
    }
  })

  const junk = ["", "{", "null", "[]", "\"text\"", "{\"source\":1,\"detail-type\":2}"]
  it.each(junk)("ignores %j and doesn't throw", (body) => {
    expect(decode(body)._tag).toBe("Ignored")
  })
})
