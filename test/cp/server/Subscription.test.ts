import { describe, expect, it } from "vitest"
import {
  type DeltaInterest,
  knownOf,
  NOTHING_PENDING,
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
  resumes: () => false,
  ...fields
})
const fold = (...requests: ReadonlyArray<Partial<DeltaInterest>>): Subscription =>
  requests.reduce<Subscription>((before, fields, index) => subscribeDelta(before, interest(fields), index === 0), fresh)
const foldSotw = (...requests: ReadonlyArray<ReadonlyArray<string>>): Subscription => requests.reduce(subscribeSotw, fresh)

const owed = ({ pending }: Subscription): ReadonlyArray<string> =>
  [...pending].flatMap(([name, { owed }]) => owed ? [name] : [])

describe("an incremental subscription", () => {
  it("that never named anything is for everything, and is answered even if that is nothing", () => {
    expect(fold({})).toMatchObject({ wildcard: true, explicit: false, awaiting: true })
  })

  it("to a first name is not for everything", () => {
    const after = fold({ subscribe: ["a"] })
    expect(after).toMatchObject({ wildcard: false, names: new Set(["a"]) })
    expect(owed(after)).toEqual(["a"])
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
    expect(owed(fold({ subscribe: ["*", "a"] }, { unsubscribe: ["a"] }))).toEqual(["a"])
    const after = fold({ subscribe: ["a"], initialVersions: { a: "1" } }, { unsubscribe: ["a"] })
    expect([after.pending.size, knownOf(after, "a")]).toEqual([0, null])
  })

  it("owes a name that is asked for again", () => {
    const answered = { ...fold({ subscribe: ["a"] }), pending: NOTHING_PENDING }
    expect(owed(subscribeDelta(answered, interest({ subscribe: ["a"] }), false))).toEqual(["a"])
  })

  it("knows what the proxy brought from its last stream, from the first request only", () => {
    expect(knownOf(fold({ initialVersions: { a: "1" } }), "a")).toEqual({ version: "1", resource: null })
    expect(knownOf(fold({}, { initialVersions: { a: "1" } }), "a")).toBeNull()
  })

  it("owes no name that the proxy brought along and resumes with", () => {
    const brought = { subscribe: ["a", "b"], initialVersions: { a: "1" } }
    expect(owed(fold({ ...brought, resumes: () => true }))).toEqual(["b"])
    expect(owed(fold(brought))).toEqual(["a", "b"])
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
    const answered = { ...foldSotw(["a"]), pending: NOTHING_PENDING }
    expect(owed(subscribeSotw(answered, ["a", "b"]))).toEqual(["b"])
  })

  it("that asks for the same again is the same object", () => {
    const before = foldSotw(["a"])
    expect(subscribeSotw(before, ["a"])).toBe(before)
  })
})

it("owes only what is wanted", () => {
  expect(owed(owe(fold({ subscribe: ["a"] }), ["b"]))).toEqual(["a"])
  expect(owed(owe(fold({}), ["b"]))).toEqual(["b"])
})
