import { describe, expect, it } from "vitest"
import { fromEnvironment, type Variables } from "../../../src/cp/config/fromEnvironment.ts"

const HOUR = 3_600_000
const minimal = { AWS_REGION: "eu-west-1", KMESH_AWSIAM_AUTHORIZEDACCOUNTIDS: "111122223333" }

const read = (variables: Variables, aws = true) => {
  const result = fromEnvironment({ ...minimal, ...variables }, { aws })
  return result._tag === "Problems" ? result.problems : result.config.tokenSecrets
}

describe("dataplane tokens in Secrets Manager", () => {
  it("are kept only where a prefix is set", () => {
    expect(read({})).toBeNull()
    expect(read({ ECS_MESH_SECRET_NAME_PREFIX: "" })).toBeNull()
    expect(read({ ECS_MESH_SECRET_NAME_PREFIX: "mesh" })).toEqual({
      secretNamePrefix: "mesh", validForMillis: 365 * 24 * HOUR, rotateBeforeMillis: null, endpoint: null
    })
  })

  it("are kept as their variables say", () => {
    expect(read({
      ECS_MESH_SECRET_NAME_PREFIX: "/",
      ECS_MESH_TOKEN_VALIDITY: "720h",
      ECS_MESH_TOKEN_ROTATE_BEFORE: "48h",
      AWS_ENDPOINT_URL: "http://127.0.0.1:4566",
      AWS_ENDPOINT_URL_SECRETS_MANAGER: "http://127.0.0.1:4567"
    })).toEqual({
      secretNamePrefix: "/",
      validForMillis: 720 * HOUR,
      rotateBeforeMillis: 48 * HOUR,
      endpoint: "http://127.0.0.1:4567"
    })
  })

  it.each([
    [{ ECS_MESH_TOKEN_VALIDITY: "59m" }, "ECS_MESH_TOKEN_VALIDITY: must be an hour (1h) or more"],
    [
      { ECS_MESH_TOKEN_VALIDITY: "24h", ECS_MESH_TOKEN_ROTATE_BEFORE: "24h" },
      "ECS_MESH_TOKEN_ROTATE_BEFORE: must be less than ECS_MESH_TOKEN_VALIDITY"
    ]
  ])("can't be kept with %j", (variables, problem) => {
    expect(read({ ECS_MESH_SECRET_NAME_PREFIX: "mesh", ...variables })).toEqual([problem])
  })

  it("need AWS", () => {
    expect(read({ ECS_MESH_SECRET_NAME_PREFIX: "mesh" }, false)).toContain(
      "ECS_MESH_SECRET_NAME_PREFIX: needs AWS; leave it out, or leave out --without-aws"
    )
  })
})
