import { describe, expect, it } from "vitest"
import { renderStep, stepAsJson } from "../../../src/cli/replay/renderStep.ts"
import { differences } from "../../../src/controllers/replay/differences.ts"
import type { Step } from "../../../src/controllers/replay/Step.ts"

const dataplane = (state: string) => ({
  type: "Dataplane", mesh: "default", name: "aa11", labels: { "kuma.io/mesh": "default" },
  spec: { networking: { address: "10.0.0.1", inbound: [{ port: 15050, state, tags: { "kuma.io/service": "kv" } }] } }
})

const step = (before: unknown, after: unknown): Step => ({
  _tag: "Decision", place: "journal:1", seq: 1, time: "2025-01-31T12:00:00.000Z", key: "task/demo/aa11",
  from: "registered", to: "draining", why: "TaskStopping: ECS says RUNNING, desired STOPPED", changes: differences(before, after)
})

const lines = (before: unknown, after: unknown): ReadonlyArray<string> => renderStep(step(before, after)).split("\n").map((line) => line.trim())

describe("a step for people", () => {
  it("shows which fields change, and how", () => {
    expect(lines(dataplane("Ready"), dataplane("NotReady"))).toEqual([
      expect.stringMatching(/^#1 +12:00:00\.000 +task\/demo\/aa11$/),
      "registered -> draining",
      "because TaskStopping: ECS says RUNNING, desired STOPPED",
      "~ spec.networking.inbound[0].state: \"Ready\" -> \"NotReady\""
    ])
  })

  it("shows of a resource that comes what it says, and of one that goes its name", () => {
    expect(lines(undefined, dataplane("Ready")).slice(3)).toEqual([
      "+ Dataplane/default/aa11",
      "+ spec.networking.address: \"10.0.0.1\"",
      "+ spec.networking.inbound[0].port: 15050",
      "+ spec.networking.inbound[0].state: \"Ready\"",
      "+ spec.networking.inbound[0].tags[\"kuma.io/service\"]: \"kv\""
    ])
    expect(lines(dataplane("Ready"), undefined).slice(3)).toEqual(["- Dataplane/default/aa11"])
  })

  it("cuts a value that is long", () => {
    expect(renderStep(step({ a: "x" }, { a: "y".repeat(500) }))).toContain("… (502 characters)")
  })
})

describe("a step that somebody else's words are in", () => {
  const evil = "\u001b]0;title\u0007\u001b[2K\u009b31m\u202e\nDIFFERENT"
  const at = { place: "journal:1", seq: 1, time: evil, key: `task/demo/${evil}` }
  const steps: ReadonlyArray<Step> = [
    { _tag: "Event", ...at, what: evil },
    { _tag: "Decision", ...at, from: evil, to: evil, why: evil, changes: [{ field: evil, before: evil, after: evil }] },
    { _tag: "Note", place: evil, text: evil },
    { _tag: "Difference", ...at, kind: evil, field: evil, recorded: evil, replayed: evil }
  ]

  it.each(steps)("shows them and lets no terminal obey them: $_tag", (one) => {
    expect(renderStep(one)).toContain("\\u001b")
    expect(renderStep(one)).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
    expect(renderStep(one)).not.toMatch(/^DIFFERENT/m)
    const { _tag, ...rest } = one
    expect(stepAsJson(one)).not.toMatch(/\p{Cc}|\p{Cf}/u)
    expect(JSON.parse(stepAsJson(one))).toEqual({ step: _tag.toLowerCase(), ...rest })
  })
})

describe("a step for programs", () => {
  it("is one line that holds all of it", () => {
    const text = stepAsJson(step(undefined, dataplane("Ready")))
    expect(text).not.toContain("\n")
    expect(JSON.parse(text)).toMatchObject({ step: "decision", seq: 1, to: "draining", changes: expect.arrayContaining([{ field: "type", after: "Dataplane" }]) })
  })
})
