import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseJson, parseJsonTakingLast } from "../../src/model/parseJson.ts"

describe("refuses a key that is there twice:", () => {
  it.each([
    ["side by side", `{"a":1,"a":1}`],
    ["with others between", `{"a":1,"b":{"a":2},"a":3}`],
    ["deep within", `{"x":[{"a":1},{"b":{"a":1,"a":2}}]}`],
    ["in another spelling", `{"a":1,"\\u0061":2}`],
    ["empty", `{"":1,"":2}`],
    ["behind an array", `{"a":[1,2,"a"],"a":1}`],
    ["a quote in it", `{"\\"":1,"\\"":2}`],
    ["__proto__", `{"__proto__":1,"__proto__":2}`]
  ])("%s", (_, text) => {
    expect(parseJson(text)).toEqual({ problem: expect.stringMatching(/^has the key ".*" twice in an object$/) })
  })
})

describe("takes one that only looks so:", () => {
  it.each([
    ["in objects side by side", `[{"a":1},{"a":1}]`],
    ["as a value", `{"a":"a","b":"a"}`],
    ["values of an array", `{"a":["a","a","b","b"]}`],
    ["in nested objects", `{"a":{"a":{"a":1}}}`],
    ["in another case", `{"a":1,"A":1}`],
    ["within a string", `{"a":"{\\"b\\":1,\\"b\\":2}"}`]
  ])("%s", (_, text) => expect(parseJson(text)).toEqual({ value: JSON.parse(text) }))
})

it.each(["", "{", "{'a':1}", "{\"a\":1,}", "nonsense", "{\"a\":1}}", "{\"data\": secret}"])(
  "refuses what isn't JSON, without quoting it: %j",
  (text) => expect(parseJson(text)).toEqual({ problem: "isn't JSON" })
)

it("takes whatever JSON.stringify writes, unaltered", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      expect(parseJson(text)).toEqual({ value: JSON.parse(text) })
    }),
    { seed: 1 }
  )
})

it("finds the twin of any key of any object", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, pick) => {
      const entries = Object.entries(object)
      const twin = entries[pick % entries.length]
      const doubled = [...entries, twin ?? ["", 0]]
      const text = doubled.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")
      expect(parseJson(`[{${text}}]`)).toHaveProperty("problem")
    }),
    { seed: 1 }
  )
})

it("reads a megabyte, in one string or deeply nested, in good time", () => {
  const long = { secret: "x".repeat(1 << 20) }
  expect(parseJson(JSON.stringify(long))).toEqual({ value: long })
  expect(parseJson(`${"[".repeat(1 << 19)}${"]".repeat(1 << 19)}`)).toHaveProperty("value")
})

describe("tells where keys stand twice, and takes the last:", () => {
  it.each<[string, string, ReadonlyArray<ReadonlyArray<string | number>>]>([
    ["nowhere", `{"a":[{"b":1},{"b":1}]}`, []],
    ["at the top", `{"a":1,"a":2}`, [["a"]]],
    ["in a list", `{"x":[[],{"a":"[,{"},{"b":{"a":1,"\\u0061":2}}]}`, [["x", 2, "b", "a"]]],
    ["several times", `{"a":1,"a":{"b":1,"b":2},"a":3}`, [["a"], ["a", "b"], ["a"]]],
    ["behind a list", `{"x":[1,2,3],"y":1,"x":4}`, [["x"]]]
  ])("%s", (_, text, duplicates) => {
    expect(parseJsonTakingLast(text, 10)).toEqual({ value: JSON.parse(text), duplicates })
  })

  it("no more than asked for", () => {
    expect(parseJsonTakingLast(`[${"{\"a\":1,\"a\":1},".repeat(50)}1]`, 7)).toHaveProperty("duplicates.length", 7)
  })

  it("and refuses what isn't JSON", () => expect(parseJsonTakingLast("{", 10)).toEqual({ problem: "isn't JSON" }))
})
