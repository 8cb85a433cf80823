import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { labelledMesh, labelsStep } from "./labelSteps.ts"
import { beginning, initial, step } from "./steps.ts"
import { World } from "./World.ts"

const CASES = Number(process.env["ECS_MESH_CASES"] ?? 2_000)
const SEED = Number(process.env["ECS_MESH_SEED"] ?? 20_260_102)

describe("what a proxy is given change by change", () => {
  it("is tried with all that translations read", () => {
    const drawn = JSON.stringify(fc.sample(fc.tuple(initial, fc.array(step, { maxLength: 24, size: "max" })), {
      numRuns: 1_600,
      seed: SEED
    }))
    // An option that is never taken would be no test of what depends on it.
    for (
      const text of [
        "\"ecs-mesh.io/outbounds\":\"all\"",
        "\"ecs-mesh.io/outbound-address\":\"task\"",
        "\"ecs-mesh.io/last-resort\":\"true\"",
        "\"ecs-mesh.io/listen-8080\":\"9090\"",
        "\"labels\":{\"team\":\"x\"}",
        "\"kuma.io/effect\":\"shadow\"",
        "\"kuma.io/origin\":\"zone\"",
        "\"kuma.io/policy-role\":\"producer\"",
        "\"kuma.io/display-name\":\"z\"",
        "\"sectionName\":\"main\"",
        "\"kind\":\"MeshSubset\"",
        "\"kind\":\"MeshServiceSubset\"",
        "\"kind\":\"MeshHTTPRoute\",\"name\":\"p1\"",
        "\"kind\":\"MeshHTTPRoute\",\"labels\":{\"team\":\"x\"}",
        "\"type\":\"MeshHTTPRoute\"",
        "\"type\":\"MeshTCPRoute\"",
        "\"type\":\"MeshRetry\"",
        "\"type\":\"MeshMetric\"",
        "\"type\":\"MeshAccessLog\"",
        "\"type\":\"OpenTelemetry\"",
        "\"type\":\"Tcp\"",
        "%KUMA_WORKLOAD%",
        "\"kuma.io/workload\"",
        "\"clientId\":\"main\"",
        "\"type\":\"prometheus\"",
        "\"type\":\"MeshCircuitBreaker\"",
        "\"maxConnectAttempt\":2",
        "\"statusCode\":302",
        "\"requestMirror\"",
        "\"proxyTypes\":[\"Gateway\"]",
        "\"state\":\"Ignored\"",
        "\"health\":{\"ready\":false}",
        "\"mode\":\"PERMISSIVE\"",
        "\"enabledBackend\":\"none\"",
        "\"type\":\"BUILTIN\"",
        "\"type\":\"DELEGATED\"",
        "\"from\":5",
        "\"to\":5",
        "\"to\":[null,",
        "\"to\":[{\"targetRef\":{\"kind\":\"MeshExternalService\",\"labels\":{\"tier\":\"1\"}",
        "\"backendRef\":{\"kind\":\"MeshService\",\"labels\":{\"tier\":\"2\"}",
        "\"backendRefs\":[{\"kind\":\"MeshMultiZoneService\",\"labels\":{\"team\":\"x\",\"tier\":\"1\"}",
        "\"refs\":[{\"kind\":\"MeshService\",\"labels\":{\"team\":\"y\"}",
        "\"matchLabels\":{\"tier\":\"2\"}",
        "\"label\":\"tier\",\"value\":null",
        "\"kind\":\"MeshMultiZoneService\"",
        "\"backendRef\":{\"kind\":\"MeshService\",\"name\":\"s1\"",
        "\"backendRefs\":[{\"kind\":\"MeshService\",\"name\":\"s1\",\"port\":8080",
        "\"backendRefs\":[{\"kind\":\"MeshExternalService\",\"name\":\"s1\",\"weight\"",
        "\"backendRef\":{\"kind\":\"MeshService\",\"name\":\"s1\",\"port\":8080",
        "\"targetRef\":{\"kind\":\"MeshMultiZoneService\",\"name\":\"s2\"",
        "\"mode\":\"ReachableBackends\"",
        "\"reachableBackends\"",
        "\"binds\":true",
        "\"dataplaneRef\"",
        "\"dataplaneLabels\"",
        "\"releasedAt\"",
        "\"type\":\"HostnameGenerator\"",
        "\"type\":\"ExternalService\"",
        "\"caCert\":{\"secret\":\"ca\"}",
        "\"kuma.io/origin\":\"global\""
      ]
    ) expect(drawn).toContain(text)
  })

  it("is what everything from nothing gives it, and what doesn't concern it leaves the same objects", () => {
    fc.assert(
      fc.property(initial, fc.array(step, { minLength: 4, maxLength: 24, size: "max" }), fc.boolean(), (resources, steps, slow) => {
        const world = new World(slow)
        world.begin(resources, beginning)
        for (const one of steps) world.step(one)
        world.step({ _tag: "Settle" })
      }),
      { numRuns: CASES, seed: SEED }
    )
  }, 600_000)

  it("is what everything from nothing gives it where little but labels of services is written", () => {
    fc.assert(
      fc.property(labelledMesh, fc.array(labelsStep, { minLength: 8, maxLength: 24, size: "max" }), (resources, steps) => {
        const world = new World(false)
        world.begin(resources, beginning)
        for (const one of steps) world.step(one)
        world.step({ _tag: "Settle" })
      }),
      { numRuns: CASES / 8, seed: SEED }
    )
  }, 600_000)
})
