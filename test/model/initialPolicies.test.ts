import { describe, expect, it } from "vitest"
import { translateText } from "../../src/cli/translate.ts"
import { initialPolicies } from "../../src/model/initialPolicies.ts"
import type { DesiredResource } from "../../src/model/Resource.ts"
import { renderYaml } from "../../src/model/renderYaml.ts"
import { validateResource } from "../../src/model/validate/validateResource.ts"

const mesh = (skipCreatingInitialPolicies?: ReadonlyArray<string>): DesiredResource<"Mesh"> => ({
  type: "Mesh",
  mesh: "",
  name: "orders",
  labels: {},
  spec: skipCreatingInitialPolicies === undefined ? {} : { skipCreatingInitialPolicies }
})

const dataplane: DesiredResource<"Dataplane"> = {
  type: "Dataplane",
  mesh: "orders",
  name: "caller",
  labels: {},
  spec: {
    networking: {
      address: "10.0.0.1",
      inbound: [{ port: 80, tags: { "kuma.io/service": "a", "kuma.io/protocol": "http" } }],
      outbound: [{ port: 10_001, tags: { "kuma.io/service": "a" } }, { port: 10_002, tags: { "kuma.io/service": "b" } }]
    }
  }
}

const names = (skipped?: ReadonlyArray<string>) => initialPolicies(mesh(skipped)).map(({ name, type }) => `${type} ${name}`)

describe("the policies of a new mesh", () => {
  it("are Kuma's four, and valid", () => {
    expect(names()).toEqual([
      "MeshTimeout mesh-timeout-all-orders",
      "MeshTimeout mesh-gateways-timeout-all-orders",
      "MeshCircuitBreaker mesh-circuit-breaker-all-orders",
      "MeshRetry mesh-retry-all-orders"
    ])
    expect(initialPolicies(mesh()).flatMap(validateResource)).toEqual([])
  })

  it("are those that the mesh doesn't skip", () => {
    expect(names(["*"])).toEqual([])
    expect(names(["MeshTimeout", "MeshRetry"])).toEqual(["MeshCircuitBreaker mesh-circuit-breaker-all-orders"])
  })

  it("change nothing of what a sidecar has without them, but how long one try may take", () => {
    const translated = (policies: ReadonlyArray<DesiredResource>) =>
      translateText(renderYaml([mesh(), dataplane, ...policies])).map(({ rendered }) => rendered)
    const without = (value: unknown, fields: ReadonlyArray<string>): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (fields.includes(key) ? undefined : inner)))
    const fields = ["perTryTimeout", "trackRemaining"]
    expect(without(translated(initialPolicies(mesh())), fields)).toEqual(without(translated([]), fields))
    expect(JSON.stringify(translated(initialPolicies(mesh())))).toContain("\"perTryTimeout\":\"16s\"")
  })
})
