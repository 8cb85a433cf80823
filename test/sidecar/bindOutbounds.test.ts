import { describe, expect, it } from "vitest"
import { bootstrapRequest } from "../../src/sidecar/bootstrapRequest.ts"
import { readConfig } from "../../src/sidecar/readConfig.ts"

const features = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const read = readConfig(
    { KUMA_CONTROL_PLANE_URL: "https://cp.test:5678", ECS_MESH_AUTH_TYPE: "none", KUMA_DATAPLANE_NAME: "kv-1", ...env },
    args,
    () => ""
  )
  if ("problems" in read) throw new Error(read.problems.join("; "))
  expect(read.ignored).toEqual([])
  const facts = { workDir: "/tmp", envoy: { version: "1.40.0", build: "" }, version: "0.0.0", token: null }
  const { features } = bootstrapRequest({ config: read.config, name: "kv-1", lineKey: "k", ...facts })
  return features?.filter((one) => one.startsWith("feature-"))
}

describe("a sidecar that is to listen at its services' own addresses", () => {
  it.each([
    ["by its flag", ["run", "--bind-outbounds"], {}, ["feature-bind-outbounds"]],
    ["by its flag's value", ["--bind-outbounds=true"], {}, ["feature-bind-outbounds"]],
    ["by its variable", [], { KUMA_DATAPLANE_RUNTIME_BIND_OUTBOUNDS: "true" }, ["feature-bind-outbounds"]],
    ["not by its flag", ["--bind-outbounds=false"], {}, []],
    ["not where nobody says so", [], {}, []]
  ])("says so as kuma-dp does: %s", (_, args, env, expected) => {
    expect(features(args, env)).toEqual(expected)
  })
})
