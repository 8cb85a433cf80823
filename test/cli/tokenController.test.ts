import { Redacted } from "effect"
import { describe, expect, it } from "vitest"
import { tokenControllerConfig } from "../../src/cli/tokenController.ts"

const CA = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"

const whole = { AWS_REGION: "eu-west-1", ECS_MESH_SECRET_NAME_PREFIX: "mesh", KUMA_API_TOKEN: "user-token" }

describe("the token controller by itself", () => {
  it("takes the names that Kong's controller took", () => {
    const read = tokenControllerConfig({
      AWS_REGION: "eu-west-1",
      ECS_MESH_CLUSTERS: "a,b",
      ECS_MESH_SECRET_NAME_PREFIX: "kong-mesh-ecs-demo/",
      KUMA_API_SERVER_URL: "https://controlplane.kongmesh:5682",
      KUMA_API_TOKEN: "user-token",
      KUMA_API_CA_BYTES: CA
    })
    if ("problems" in read) throw new Error(read.problems.join("; "))
    const { api, aws, everySeconds, secrets } = read.config
    expect(api.url.origin).toBe("https://controlplane.kongmesh:5682")
    expect(api.token === null ? null : Redacted.value(api.token)).toBe("user-token")
    expect(api.ca).toBe(CA)
    expect(aws.clusters).toEqual(["a", "b"])
    expect(everySeconds).toBe(10)
    expect(secrets.secretNamePrefix).toBe("kong-mesh-ecs-demo/")
    expect(JSON.stringify(read)).not.toContain("user-token")
  })

  it("needs no account to be listed, and no user token before its own machine's API", () => {
    const read = tokenControllerConfig({
      AWS_REGION: "eu-west-1", ECS_MESH_SECRET_NAME_PREFIX: "/", KUMA_API_SERVER_URL: "http://127.0.0.1:5681"
    })
    expect("config" in read && [read.config.secrets.secretNamePrefix, read.config.api.token]).toEqual(["/", null])
  })

  it("doesn't start without a user token and a prefix, and says so of both at once", () => {
    for (const KUMA_API_SERVER_URL of [undefined, "https://controlplane.mesh:5682"]) {
      const read = tokenControllerConfig({ AWS_REGION: "eu-west-1", KUMA_API_SERVER_URL })
      expect("problems" in read && read.problems).toEqual([
        expect.stringMatching(/^KUMA_API_TOKEN: must be a user token/),
        expect.stringMatching(/^ECS_MESH_SECRET_NAME_PREFIX: must be what .*\/ where .*--secret-name-prefix/)
      ])
    }
  })

  it("names the variables that nothing reads, also where it can't start", () => {
    const misspelt = { ECS_MESH_CLUSTRES: "a" }
    expect(tokenControllerConfig({ ...whole, ...misspelt })).toMatchObject({ unused: ["ECS_MESH_CLUSTRES"] })
    const read = tokenControllerConfig({ ...whole, ...misspelt, KUMA_API_TOKEN: "" })
    expect("problems" in read && read.problems.at(-1)).toBe(
      "ECS_MESH_CLUSTRES: nothing reads this variable here; is its name misspelt?"
    )
  })

  it.each(["http://controlplane.mesh:5681", "https://cp:5682/api", "http://127.0.0.1.example.com:5681", "cp"])(
    "sends its user token nowhere where others could read it, nor elsewhere than it was told (%s)",
    (KUMA_API_SERVER_URL) => {
      const read = tokenControllerConfig({ ...whole, KUMA_API_SERVER_URL })
      expect("problems" in read && read.problems).toEqual([expect.stringMatching(/^KUMA_API_SERVER_URL: must be/)])
    }
  )

  it.each(["http://127.0.0.1:5681", "http://localhost:5681/", "https://cp.mesh:5682"])(
    "takes the API of its own machine, and any other's over TLS (%s)",
    (KUMA_API_SERVER_URL) => {
      const read = tokenControllerConfig({ ...whole, KUMA_API_SERVER_URL })
      expect("config" in read && read.config.api.url.href).toBe(new URL(KUMA_API_SERVER_URL).href)
    }
  )

  it("tells every problem at once, and quotes no secret", () => {
    const read = tokenControllerConfig({
      KUMA_API_SERVER_URL: "https://user:hunter2@cp", KUMA_API_CA_BYTES: "hunter2", KUMA_API_TOKEN: "hunter2",
      ECS_MESH_SECRET_NAME_PREFIX: "mesh"
    })
    expect(read).toMatchObject({
      problems: [
        "AWS_REGION: must be set to the region whose ECS clusters are watched",
        "KUMA_API_SERVER_URL: must be the address of the control plane's API, https://HOST:5682, or http:// on this " +
        "machine's loopback (--api-server-url)",
        "KUMA_API_CA_BYTES: must be the CA of the control plane's API in PEM (-----BEGIN CERTIFICATE-----)"
      ]
    })
  })
})
