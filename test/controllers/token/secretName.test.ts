import { expect, it } from "vitest"
import { secretName } from "../../../src/controllers/token/secretName.ts"

it.each([
  ["kong-mesh-ecs-demo", "kv", "kong-mesh-ecs-demo/kv"],
  ["kong-mesh-ecs-demo/", "kv", "kong-mesh-ecs-demo/kv"],
  ["a/b", "demo-app.v2_x", "a/b/demo-app.v2_x"],
  ["", "kv", "kv"],
  ["/", "kv", "kv"]
])("with the prefix \"%s\" the secret of %s is %s", (prefix, service, name) => {
  expect(secretName(prefix, service)).toBe(name)
})

it.each(["a/b", "../admin", "a:b", "", "a b", "kv\n"])("no secret is named after the service %j", (service) => {
  expect(secretName("mesh", service)).toBeNull()
})
