import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { renderedOnce, renderYaml } from "../../../src/cp/bootstrap/renderYaml.ts"

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("true", "No", "null", "~", "1", "1e3", "0x1f", ".5", "-", "- a", "a: b", "a #b", "# a", "", " ", "*a",
    "&a", "!a", "|", ">", "%a", "@a", "`a", "{}", "[]", "a\nb\n", "a\nb", "\na\n", " a\nb\n", "a\n\nb\n", "a\n\n", "\t",
    "a\u2028b", "a\u0085b", "\ufeffa", "type.googleapis.com/envoy", "2001:db8::1", "0.5s", "---", "...", "__proto_")
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.integer(),
    fc.double({ noDefaultInfinity: true, noNaN: true }).map((number) => number === 0 ? 0 : number),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 })
  )
}))
const map = fc.dictionary(text, value, { maxKeys: 4 })

describe("what is rendered", () => {
  for (const version of ["1.1", "1.2"] as const) {
    it(`is read as it was by a reader of YAML ${version}`, () => {
      fc.assert(
        fc.property(map, (data) => {
          expect(parse(renderYaml(data), { version, merge: false })).toEqual(data)
        }),
        { numRuns: 2_000 }
      )
    })
  }

  it("is the same wherever it stands, also where its text is made once", () => {
    fc.assert(
      fc.property(map, (data) => {
        const [once, places] = [renderedOnce(structuredClone(data)), (part: unknown) => ({ a: part, b: [part, [part]] })]
        expect(renderYaml(once)).toBe(renderYaml(data))
        expect(renderYaml(places(once))).toBe(renderYaml(places(data)))
        expect(renderYaml(places(once))).toBe(renderYaml(places(data)))
      }),
      { numRuns: 500 }
    )
  })

  it("has its text made once", () => {
    let read = 0
    const part = renderedOnce({
      get a() {
        read += 1
        return 1
      }
    })
    for (let time = 0; time < 3; time += 1) expect(renderYaml({ part })).toBe("part:\n  a: 1\n")
    expect(read).toBe(1)
  })

  it("is read as it was where a key is longer than YAML allows in a line", () => {
    const data = { [`${"a".repeat(2_000)}`]: { ["b ".repeat(600)]: [1] } }
    expect(parse(renderYaml(data))).toEqual(data)
  })

  it("is what people would write", () => {
    expect(renderYaml({
      node: { id: "default.kv-1", empty: {}, none: undefined },
      list: ["a", { b: 1, c: [[true, null], []] }, ["10.0.0.1"]],
      ca: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    })).toBe(`node:
  id: default.kv-1
  empty: {}
list:
  - a
  - b: 1
    c:
      -
        - true
        - null
      - []
  -
    - "10.0.0.1"
ca: |
  -----BEGIN CERTIFICATE-----
  MIIB
  -----END CERTIFICATE-----
`)
  })
})
