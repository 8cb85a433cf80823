import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { decode } from "../../../src/controllers/event/decode.ts"

const folder = join(import.meta.dirname, "..", "..", "golden", "controllers", "events")
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".decoded.json"))
  .map((file) => file.replace(".decoded.json", ""))
const read = (file: string): string => readFileSync(join(folder, file), "utf8")

describe("decode", () => {
  it("has examples", () => expect(names.length).toBeGreaterThan(10))

  it.each(names)("reads %s as it is recorded", (name) => {
    const wanted: Record<string, unknown> = JSON.parse(read(`${name}.decoded.json`))
    const decoded: Record<string, unknown> = { ...decode(read(`${name}.json`)) }
    if (wanted["_tag"] === "Ignored") {
      expect(decoded["_tag"]).toBe("Ignored")
      expect(decoded["reason"]).toContain(wanted["reason"])
    } else {
      expect(decoded).toMatchObject(wanted)
    }
  })

  it("keeps nothing of an event that may be secret or says who called", () => {
    const kept = names.map((name) => JSON.stringify(decode(read(`${name}.json`)))).join("\n")
    expect(kept).not.toContain("not-for-the-journal")
    expect(kept).not.toContain("ASIAEXAMPLE")
  })

  it("reads what it kept as it read the event", () => {
    for (const name of names) {
      const decoded = decode(read(`${name}.json`))
      if (decoded._tag !== "Ignored") expect(decode(JSON.stringify(decoded.event))).toEqual(decoded)
    }
  })

  const junk = ["", "{", "null", "[]", "\"text\"", "{\"source\":1,\"detail-type\":2}"]
  it.each(junk)("ignores %j and doesn't throw", (body) => {
    expect(decode(body)._tag).toBe("Ignored")
  })
})
