import { describe, expect, it } from "vitest"
import { readFormat, withKumaWords } from "../../src/model/logFormat.ts"
import { changeTexts, formatsIn, readBody } from "../../src/model/otlpValue.ts"
import { readHostPort } from "../../src/model/readHostPort.ts"

const words = {
  SOURCE_ADDRESS: "10.0.0.1:0", SOURCE_ADDRESS_WITHOUT_PORT: "10.0.0.1", SOURCE_SERVICE: "web", DESTINATION_SERVICE: "kv",
  MESH: "default", TRAFFIC_DIRECTION: "OUTBOUND", ZONE: "", WORKLOAD: ""
}

describe("a format", () => {
  it("is read command by command", () => {
    const text = "%REQ(X-A?:PATH):10% 100%% %START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)% %CEL(request.headers['a'].contains(')'))%"
    expect([...readFormat(text)].flatMap((piece) => (piece._tag === "Command" ? [piece.command] : []))).toEqual([
      { name: "REQ", parameters: "X-A?:PATH", length: "10" },
      { name: "START_TIME", parameters: "%Y-%m-%dT%H:%M:%S.%3fZ", length: null },
      { name: "CEL", parameters: "request.headers['a'].contains(')')", length: null }
    ])
    expect([...readFormat("%A% 5% of")]).toEqual([
      { _tag: "Command", text: "%A%", command: { name: "A", parameters: null, length: null } },
      { _tag: "Text", text: " 5" }, { _tag: "Percent", rest: "% of" }, { _tag: "Text", text: " of" }
    ])
    expect([...readFormat("%REQ(a\nb)%")][0]).toMatchObject({ _tag: "Percent" })
  })

  it("has Kuma's words in their places, and is left alone but for them", () => {
    expect(withKumaWords("%KUMA_SOURCE_ADDRESS%|%KUMA_SOURCE_ADDRESS_WITHOUT_PORT%|%KUMA_ZONE%|%PROTOCOL%|KUMA_MESH", words))
      .toBe("10.0.0.1:0|10.0.0.1||%PROTOCOL%|KUMA_MESH")
    expect(withKumaWords("%%KUMA_MESH%% %%%KUMA_MESH%%%", words)).toBe("%%KUMA_MESH%% %%default%%")
    expect(withKumaWords("%KUMA_MESH%", { ...words, MESH: "$&" })).toBe("$&")
  })
})

describe("a record's body", () => {
  const nested = { kvlistValue: { values: [{ key: "%A%", value: { arrayValue: { values: [{ stringValue: "%B%" }] } } }] } }

  it("is a text, one of OTLP's values, or the JSON of anything else", () => {
    expect(readBody("%A%")).toEqual({ stringValue: "%A%" })
    expect(readBody(nested)).toEqual(nested)
    expect(readBody({ kvlist_value: { values: [{ key: "a", value: { string_value: "b" } }] } }))
      .toEqual({ kvlistValue: { values: [{ key: "a", value: { stringValue: "b" } }] } })
    expect(readBody({ path: "%A%" })).toEqual({ stringValue: "{\"path\":\"%A%\"}" })
    expect(readBody({ arrayValue: { values: [{ what: 1 }] } })).toEqual({ stringValue: expect.stringContaining("what") })
  })

  it("is none that Envoy can't write", () => {
    expect(readBody({ intValue: "1" })).toBeUndefined()
    expect(readBody({ arrayValue: { values: [{ stringValue: "a" }, { boolValue: true }] } })).toBeUndefined()
  })

  it("has formats in its texts, and its keys are changed with them", () => {
    const value = readBody(nested)
    expect(value === undefined ? [] : formatsIn(value)).toEqual(["%B%"])
    expect(value === undefined ? value : changeTexts(value, (text) => text.toLowerCase())).toEqual({
      kvlistValue: { values: [{ key: "%a%", value: { arrayValue: { values: [{ stringValue: "%b%" }] } } }] }
    })
  })
})

describe("a host and its port", () => {
  it.each([
    ["logs.example:5000", null, { host: "logs.example", port: 5000 }],
    ["[::1]:5000", null, { host: "::1", port: 5000 }],
    ["logs.example", null, undefined],
    ["logs.example:", null, undefined],
    ["logs.example", 4317, { host: "logs.example", port: 4317 }],
    ["2001:db8::1", 4317, { host: "2001:db8::1", port: 4317 }],
    ["logs.example:0", null, undefined],
    ["logs.example:65536", null, undefined],
    ["[10.0.0.1]:80", null, undefined],
    ["a b:80", null, undefined],
    [":80", null, undefined]
  ])("in %s, or else %s", (text, otherwise, expected) => {
    expect(readHostPort(text, otherwise)).toEqual(expected)
  })
})
