import { describe, expect, it } from "vitest"
import { readService } from "../../../src/controllers/names/cloudMapNames.ts"

const owner = { cluster: "c-1", zone: "zone-1", formerly: ["c-0"] }

const read = (description: string, instances = 1) =>
  readService({ id: "srv-1", name: "kv", description, instances }, owner)

describe("a service of Cloud Map", () => {
  it("is this control plane's, one's that is no more, or somebody else's, as its description says", () => {
    expect(read("ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1")).toEqual({ owner: "us", address: "127.4.0.1" })
    expect(read("ecs-mesh owner=c-0 zone=zone-1 address=127.4.0.1"))
      .toEqual({ owner: "us", address: "127.4.0.1", isFormer: true })
    expect(read("ecs-mesh owner=c-2 zone=zone-1 address=127.4.0.1")).toEqual({ owner: "others", cluster: "c-2" })
    expect(read("a user's")).toEqual({ owner: "others" })
  })

  it("without an instance is still to be given one", () => {
    expect(read("ecs-mesh owner=c-1 zone=zone-1 address=127.4.0.1", 0)).toEqual({ owner: "us", address: null })
  })
})
