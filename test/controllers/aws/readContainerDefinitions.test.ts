import type { ContainerDefinition } from "@aws-sdk/client-ecs"
import { describe, expect, it } from "vitest"
import { readContainerDefinitions } from "../../../src/controllers/aws/readContainerDefinitions.ts"

const sidecarsAmong = (...containers: ReadonlyArray<ContainerDefinition>): ReadonlyArray<string> =>
  readContainerDefinitions(containers, []).filter(({ sidecar }) => sidecar !== null).map(({ name }) => name)
const isSidecar = (container: ContainerDefinition): boolean => sidecarsAmong(container).length > 0
const url = { name: "KUMA_CONTROL_PLANE_URL", value: "https://controlplane.mesh:5678" }

describe("a container", () => {
  it.each<[string, ContainerDefinition]>([
    ["is told where the control plane is, whatever its image is called", {
      name: "proxy", image: "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/proxy:7", environment: [url]
    }],
    ["is told so by a secret", { name: "proxy", image: "proxy", secrets: [{ name: url.name, valueFrom: "arn:..." }] }],
    ["is told so by a flag", { name: "proxy", image: "proxy", command: ["--cp-address=https://controlplane.mesh:5678"] }],
    ["is the README's", { name: "sidecar", image: "ecs-mesh/sidecar", command: ["--auth-type=aws"], environment: [url] }],
    ["is Kong's", {
      name: "kuma-dp",
      image: "docker.io/kong/kuma-dp:2.1.1",
      entryPoint: ["sh", "-c"],
      command: ["kuma-dp run --cp-address https://controlplane.kongmesh:5678 --dataplane-var dpname=`hostname -s`"]
    }],
    ["runs our command", { name: "x", image: "x", entryPoint: ["bin/ecs-mesh"], command: ["sidecar"] }]
  ])("is the mesh's sidecar where it %s", (_, container) => {
    expect(isSidecar(container)).toBe(true)
  })

  it.each<[string, ContainerDefinition]>([
    ["an app", { name: "web", image: "web:1", command: ["node", "main.js"] }],
    ["the control plane itself", {
      name: "control-plane", image: "ecs-mesh/control-plane", command: ["serve"], environment: [{ name: "KUMA_MODE", value: "zone" }]
    }],
    ["another proxy", { name: "sidecar", image: "envoyproxy/envoy:v1.40.0" }]
  ])("is none of the mesh's where it is %s", (_, container) => {
    expect(isSidecar(container)).toBe(false)
  })

  it("isn't taken for the sidecar for an environment that it shares with the one that is called so", () => {
    const shared = { environment: [url] }
    expect(sidecarsAmong({ name: "web", ...shared }, { name: "kuma-dp", ...shared })).toEqual(["kuma-dp"])
  })
})
