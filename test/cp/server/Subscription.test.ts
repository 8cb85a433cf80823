import { describe, expect, it } from "vitest"
import {
  type DeltaInterest,
  owe,
  subscribeDelta,
  subscribeSotw,
  type Subscription,
  subscription,
  wants
} from "../../../src/cp/server/Subscription.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"

const fresh = subscription(TypeUrl.Cluster)
const interest = (fields: Partial<DeltaInterest>): DeltaInterest => ({
  subscribe: [],
  unsubscribe: [],
  initialVersions: {},
  ...fields
})
const fold = (...requests: ReadonlyArray<Partial<DeltaInterest>>): Subscription =>
  requests.reduce<Subscription>((before, fields, index) => subscribeDelta(before, interest(fields), index === 0), fresh)
const foldSotw = (...requests: ReadonlyArray<ReadonlyArray<string>>): Subscription => requests.reduce(subscribeSotw, fresh)

describe("an incremental subscription", () => {
  it("that never named anything is for everything, and is answered even if that is nothing", () => {
    expect(fold({})).toMatchObject({ wildcard: true, explicit: false, awaiting: true })
  })

  it("to a first name is not for everything", () => {
    expect(fold({ subscribe: ["a"] })).toMatchObject({ wildcard: false, names: new Set(["a"]), owed: new Set(["a"]) })
  })

  it("to everything, then a name, is for both", () => {
    const after = fold({}, { subscribe: ["a"] })
    expect(wants(after, "a") && wants(after, "b")).toBe(true)
  })

  it("keeps the name when it leaves the wildcard", () => {
    const after = fold({}, { subscribe: ["a"] }, { unsubscribe: ["*"] })
    expect([wants(after, "a"), wants(after, "b")]).toEqual([true, false])
  })

  it("is for nothing, and not for everything, once its last name is gone", () => {
    const after = fold({}, { subscribe: ["a"] }, { unsubscribe: ["*"] }, { unsubscribe: ["a"] })
    expect([wants(after, "a"), wants(after, "b"), after.wildcard]).toEqual([false, false, false])
  })

  it("can ask for the wildcard by name, again after it left it", () => {
    expect(fold({ subscribe: ["*"] })).toMatchObject({ wildcard: true, explicit: true, awaiting: true, names: new Set() })
    expect(fold({ subscribe: ["*"] }, { unsubscribe: ["*"] }, { subscribe: ["*"] }).wildcard).toBe(true)
  })

  it("is told of a name that it left under the wildcard, and forgets one that it left without", () => {
    expect(fold({ subscribe: ["*", "a"] }, { unsubscribe: ["a"] }).owed).toEqual(new Set(["a"]))
    const after = fold({ subscribe: ["a"], initialVersions: { a: "1" } }, { unsubscribe: ["a"] })
    expect([after.owed.size, after.known.size]).toEqual([0, 0])
  })

  it("owes a name that is asked for again", () => {
    const answered = { ...fold({ subscribe: ["a"] }), owed: new Set<string>() }
    expect(subscribeDelta(answered, interest({ subscribe: ["a"] }), false).owed).toEqual(new Set(["a"]))
  })

  it("knows what the proxy brought from its last stream, from the first request only", () => {
    expect(fold({ initialVersions: { a: "1" } }).known.get("a")).toEqual({ version: "1", resource: null })
    expect(fold({}, { initialVersions: { a: "1" } }).known.size).toBe(0)
  })
})

describe("a state-of-the-world subscription", () => {
  it("without names is for everything until something is named", () => {
    expect(foldSotw([])).toMatchObject({ wildcard: true, explicit: false, awaiting: true })
    expect(foldSotw([], []).wildcard).toBe(true)
    expect(foldSotw([], ["a"])).toMatchObject({ wildcard: false, names: new Set(["a"]) })
    expect(foldSotw([], ["*", "a"])).toMatchObject({ wildcard: true, names: new Set(["a"]) })
  })

  it("without names after names is for nothing", () => {
    expect(foldSotw([], ["*", "a"], ["a"], [])).toMatchObject({ wildcard: false, names: new Set(), explicit: true })
  })

  it("owes new names only", () => {
    const answered = { ...foldSotw(["a"]), owed: new Set<string>() }
    expect(subscribeSotw(answered, ["a", "b"]).owed).toEqual(new Set(["b"]))
  })

  it("that asks for the same again is the same object", () => {
    const before = foldSotw(["a"])
    expect(subscribeSotw(before, ["a"])).toBe(before)
  })
})

it("owes only what is wanted", () => {
  expect(owe(fold({ subscribe: ["a"] }), ["b"]).owed).toEqual(new Set(["a"]))
  expect(owe(fold({}), ["b"]).owed).toEqual(new Set(["b"]))
})
