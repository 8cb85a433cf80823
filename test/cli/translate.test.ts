import { expect, it } from "vitest"
import { TranslateError, translateText } from "../../src/cli/translate.ts"

const dataplane = (mesh: string) => `type: Dataplane
mesh: ${mesh}
name: kv-1
networking:
  address: 127.0.0.1
  inbound:
  - port: 15050
    tags: {kuma.io/service: kv}
`
const mesh = (name: string) => `---
type: Mesh
name: ${name}
`

it("a Dataplane without its Mesh can't be translated, and is told so", () => {
  const refused = new TranslateError(`mesh "default" isn't among these resources: add it`)
  expect(() => translateText(dataplane("default"))).toThrow(refused)
  expect(() => translateText(`${dataplane("default")}${mesh("other")}`)).toThrow(refused)
})

it("a Dataplane in its Mesh is translated", () => {
  const [translated] = translateText(`${dataplane("default")}${mesh("default")}`)
  expect(translated?.rendered.listeners).toHaveLength(1)
})
