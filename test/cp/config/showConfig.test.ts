import { expect, it } from "vitest"
import { fromEnvironment } from "../../../src/cp/config/fromEnvironment.ts"
import { showConfig } from "../../../src/cp/config/showConfig.ts"

it("shows what is set, in Kuma's form, and no password, wherever it stands", () => {
  const read = fromEnvironment({
    KUMA_STORE_TYPE: "postgres",
    KUMA_STORE_POSTGRES_PASSWORD: "hush-1",
    KUMA_MULTIZONE_ZONE_NAME: "east",
    ECS_MESH_STS_ENDPOINT: "https://user:hush-2@sts.example"
  }, { aws: false })
  if (read._tag !== "Config") throw new Error(read.problems.join())
  const shown = showConfig(read.config)
  expect(shown).toMatchObject({
    mode: "zone", environment: "universal", multizone: { zone: { name: "east" } },
    store: { type: "postgres", password: "*****" },
    apiServer: { http: { port: 5681 }, anonymousAccess: false },
    dpServer: { port: 5678 }
  })
  expect(JSON.stringify(shown)).not.toContain("hush")
})
