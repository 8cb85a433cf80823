import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Json, jsonDiff, type PatchItem } from "../../../src/cp/inspect/jsonDiff.ts"

type Container = { [key: string]: Json } | Array<Json>

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null

/** RFC 6902, of the three operations that there are. */
const apply = (document: Json, patch: ReadonlyArray<PatchItem>): unknown => {
  const holder: { root: Json } = { root: structuredClone(document) }
  for (const { op, path, value } of patch) {
    const keys = ["root", ...path.split("/").slice(1).map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))]
    const last = keys.pop() ?? ""
    const place = keys.reduce<unknown>((at, key) => (isContainer(at) ? Reflect.get(at, key) : undefined), holder)
    if (!isContainer(place)) throw new Error(`nothing at ${path}`)
    if (op === "test") expect(Reflect.get(place, last)).toEqual(value)
    else if (op === "remove") {
      if (Array.isArray(place)) place.splice(Number(last), 1)
      else Reflect.deleteProperty(place, last)
    } else if (Array.isArray(place)) place.splice(Number(last), 0, value)
    else Reflect.set(place, last, value)
  }
  return holder.root
}

/** Of few values and names, so that two have much in common. */
const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(0, 1, "a", "b/c", "~d", null, true),
    fc.array(tie("document"), { maxLength: 5 }),
    fc.dictionary(fc.constantFrom("x", "y/z", "~", "w"), tie("document"))
  )
}))

describe("the difference of two documents", () => {
  it("leads from one to the other, whatever they are", () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        expect(apply(before, jsonDiff(before, after))).toEqual(after)
      }),
      { seed: 7, numRuns: 2_000 }
    )
  })

  it("is nothing between equals", () => {
    expect(jsonDiff({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toEqual([])
  })

  it("tests what it takes away, says one field where one is another, and names fields as pointers do", () => {
    expect(jsonDiff({ "a/b": { timeout: "5s", other: 1 } }, { "a/b": { timeout: "8s", other: 1 } })).toEqual([
      { op: "test", path: "/a~1b/timeout", value: "5s" },
      { op: "remove", path: "/a~1b/timeout", value: "5s" },
      { op: "add", path: "/a~1b/timeout", value: "8s" }
    ])
  })

  it("of lists leaves what both begin and end with", () => {
    expect(jsonDiff([1, 2, 3, 4], [1, 9, 2, 3, 4])).toEqual([{ op: "add", path: "/1", value: 9 }])
    expect(jsonDiff([1, 2, 3], [1, 3]).map(({ op, path }) => [op, path])).toEqual([["test", "/1"], ["remove", "/1"]])
  })
})
