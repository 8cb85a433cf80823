import { describe, expect, it } from "vitest"
import { TokenDemand, type WantingTask } from "../../../src/controllers/token/TokenDemand.ts"

const task = (tags: Record<string, string>, change: Partial<WantingTask> = {}): WantingTask =>
  ({ tags, desiredStatus: "RUNNING", lastStatus: "PENDING", version: 1, ...change })

const kv = { "kuma.io/service": "kv" }
const FORGET = 1_000

describe("the demand for tokens", () => {
  it("comes from living tasks with a service tag, in the mesh that they name or the default one", () => {
    const demand = new TokenDemand(FORGET)
    expect(demand.saw("task/c/1", task(kv), 0)).toBe("kv")
    expect(demand.saw("task/c/2", task({ ...kv, "kuma.io/mesh": "blue" }), 0)).toBe("kv")
    expect(demand.saw("task/c/3", task({ "kuma.io/mesh": "red" }), 0)).toBeNull()
    expect(demand.saw("task/c/4", task({ "kuma.io/service": "" }), 0)).toBeNull()
    expect(demand.saw("task/c/5", null, 0)).toBeNull()
    expect(demand.meshesOf("kv", 0)).toEqual(["blue", "default"])
    expect(demand.services()).toEqual(["kv"])
  })

  it("is news where a task, its tags or its version are", () => {
    const demand = new TokenDemand(FORGET)
    demand.saw("task/c/1", task(kv), 0)
    expect(demand.saw("task/c/1", task(kv), 1)).toBeNull()
    expect(demand.saw("task/c/1", task(kv, { version: 2 }), 2)).toBe("kv")
    expect(demand.saw("task/c/1", task({ ...kv, "kuma.io/mesh": "blue" }, { version: 2 }), 3)).toBe("kv")
    expect(demand.saw("task/c/1", task({ "kuma.io/service": "kv-2" }, { version: 2 }), 4)).toBe("kv-2")
    expect(demand.meshesOf("kv", 4)).toEqual([])
  })

  it.each([
    ["is to stop", task(kv, { desiredStatus: "STOPPED" })],
    ["stops", task(kv, { lastStatus: "DEPROVISIONING" })],
    ["has stopped", task(kv, { desiredStatus: "STOPPED", lastStatus: "STOPPED" })],
    ["isn't known any more", null],
    ["lost its tag", task({})]
  ])("ends with a task that %s", (_, end) => {
    const demand = new TokenDemand(FORGET)
    demand.saw("task/c/1", task(kv), 0)
    expect(demand.saw("task/c/1", end, 1)).toBeNull()
    expect(demand.meshesOf("kv", 1)).toEqual([])
  })

  it("ends with a task that nobody sees any more", () => {
    const demand = new TokenDemand(FORGET)
    demand.saw("task/c/1", task(kv), 0)
    demand.saw("task/c/1", task(kv), 500)
    expect(demand.meshesOf("kv", FORGET + 499)).toEqual(["default"])
    expect(demand.meshesOf("kv", FORGET + 500)).toEqual([])
    expect(demand.services()).toEqual([])
  })
})
