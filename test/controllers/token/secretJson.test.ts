import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readSecretJson, withToken } from "../../../src/controllers/token/secretJson.ts"

describe("a secret's JSON", () => {
  it.each([
    ["{}", undefined],
    ["{\"token\":\"a\"}", "a"],
    ["{\"token\":null,\"x\":1}", null],
    ["{\"x\":{\"token\":\"inner\"}}", undefined]
  ])("%s has the token %s", (text, token) => expect(readSecretJson(text)).toEqual({ ok: true, token }))

  it.each([
    ["hunter2", "isn't JSON"],
    ["", "isn't JSON"],
    ["\"hunter2\"", "isn't a JSON object"],
    ["[{\"token\":\"a\"}]", "isn't a JSON object"],
    ["null", "isn't a JSON object"],
    ["{\"token\":\"a\",\"token\":\"b\"}", "has the key \"token\" twice in an object"]
  ])("%s is none that takes a token", (text, problem) => expect(readSecretJson(text)).toEqual({ ok: false, problem }))

  it.each([
    ["{}", "{\"token\":\"new\"}"],
    ["{ }", "{\"token\":\"new\" }"],
    ["{\"id\":12345678901234567890}", "{\"id\":12345678901234567890,\"token\":\"new\"}"],
    ["{\n  \"a\": 1.0\n}\n", "{\n  \"a\": 1.0,\"token\":\"new\"\n}\n"],
    ["{\"a\":1, \"token\" : \"old\" , \"b\":\"}\\\"\"}", "{\"a\":1, \"token\" : \"new\" , \"b\":\"}\\\"\"}"],
    ["{\"\\u0074oken\":[1,{\"x\":\"]\"}]}", "{\"\\u0074oken\":\"new\"}"],
    ["{\"x\":{\"token\":\"inner\"}}", "{\"x\":{\"token\":\"inner\"},\"token\":\"new\"}"]
  ])("%s becomes %s", (text, expected) => expect(withToken(text, "new")).toBe(expected))

  it("keeps every other key and their order, whatever they hold", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom("token", "__proto__", "a\"b", "}", "{", ":"))
    const spaces = fc.constantFrom(undefined, 1, "\t", "  ")
    fc.assert(fc.property(fc.array(fc.tuple(key, fc.jsonValue())), spaces, (entries, indent) => {
      const before: Record<string, unknown> = Object.fromEntries(entries)
      const text = JSON.stringify(before, null, indent)
      const after = JSON.parse(withToken(text, "a.b.c")) as Record<string, unknown>
      const expected = Object.entries(JSON.parse(text) as object).map(([name, value]) =>
        [name, name === "token" ? "a.b.c" : value])
      if (!Object.hasOwn(before, "token")) expected.push(["token", "a.b.c"])
      expect(new Map(Object.entries(after))).toEqual(new Map(expected as Array<[string, unknown]>))
    }), { numRuns: 500, seed: 1 })
  })
})
