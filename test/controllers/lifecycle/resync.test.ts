import { describe, expect, it } from "vitest"
import { keysToVisit, type Listing, orphans } from "../../../src/controllers/lifecycle/resync.ts"
import type { Resource } from "../../../src/model/Resource.ts"

const WRITTEN = "2026-01-01T00:00:00.000Z"
const NOW = Date.parse(WRITTEN) + 60_000
const stamps = { version: 1, creationTime: WRITTEN, modificationTime: WRITTEN }

const task = (id: string): Resource<"EcsTask"> => ({
  type: "EcsTask", mesh: "", name: id, labels: {}, ...stamps,
  spec: {
    taskArn: `arn:aws:ecs:eu-west-1:111122223333:task/demo/${id}`,
    clusterArn: "arn:aws:ecs:eu-west-1:111122223333:cluster/demo",
    taskDefinitionArn: "", taskRoleArn: null, role: null, lastStatus: "RUNNING", desiredStatus: "RUNNING",
    taskVersion: 1, address: null, phase: "registered", proxy: null, conditions: []
  }
})

const proxy = (name: string, labels: Readonly<Record<string, string>>): Resource<"Dataplane"> => ({
  type: "Dataplane", mesh: "default", name, labels, spec: {}, ...stamps
})

const listing = (complete: boolean, ...ids: ReadonlyArray<string>): Listing => ({
  complete,
  keys: ids.map((id) => `task/demo/${id}`)
})

describe("a full look", () => {
  it("visits what is listed and what is stored, each once", () => {
    expect(keysToVisit(listing(true, "a", "b"), [task("b"), task("c")])).toEqual(
      ["task/demo/a", "task/demo/b", "task/demo/c"]
    )
  })

  it("removes a proxy of ours whose task nobody knows", () => {
    const lost = proxy("lost", { "ecs-mesh.io/task": "lost" })
    const kept = [
      proxy("a", { "ecs-mesh.io/task": "a" }),
      proxy("c", { "ecs-mesh.io/task": "c" }),
      proxy("by-hand", {})
    ]
    expect(orphans(listing(true, "a"), [task("c")], [lost, ...kept], NOW)).toEqual([lost])
  })

  it("leaves one alone that was written a moment ago: its task may not be listed yet", () => {
    const lost = proxy("lost", { "ecs-mesh.io/task": "lost" })
    expect(orphans(listing(true, "a"), [], [lost], Date.parse(WRITTEN) + 5_000)).toEqual([])
  })

  it("removes nothing where a list isn't whole", () => {
    expect(orphans(listing(false, "a"), [], [proxy("lost", { "ecs-mesh.io/task": "lost" })], NOW)).toEqual([])
  })
})
