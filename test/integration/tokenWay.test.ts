// The older way, whole: a tagged task, its secret in an emulated AWS, the operator's token in it, a control plane that
// takes dataplane tokens, and a real sidecar with that token.
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand, RunTaskCommand } from "@aws-sdk/client-ecs"
import { IAMClient } from "@aws-sdk/client-iam"
import { CreateSecretCommand, GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager"
import { mkdtempSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createOperator } from "../../localstack/demo/seedDemo.ts"
import { freePort } from "../../localstack/process/freePort.ts"
import { startProcess } from "../../localstack/process/startProcess.ts"
import { startControlPlane } from "../../src/cli/demo/startControlPlane.ts"
import { readToken } from "../../src/controllers/token/readToken.ts"
import { askBootstrap } from "../cp/server/askBootstrap.ts"
import { sidecarPorts, startSidecar } from "../sidecar/startSidecar.ts"
import { type Emulator, startMinistack } from "../support/startMinistack.ts"
import { createDatabase } from "../support/testDatabase.ts"
import { until } from "../support/until.ts"

const CLUSTER = "older"
const main = join(import.meta.dirname, "..", "..", "src", "main.ts")

const ending: Array<() => Promise<unknown>> = []
let aws: Emulator
let ecs: ECSClient
let secrets: SecretsManagerClient
let ports: { readonly proxies: number; readonly api: number; readonly diagnostics: number }
let caPem: string
let journal: string
/** What the control plane has written, to its log and its journal. */
let written: () => string
let environment: Record<string, string>

beforeAll(async () => {
  aws = await startMinistack()
  ending.push(aws.stop)
  const settings = { endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials }
  ecs = new ECSClient(settings)
  secrets = new SecretsManagerClient(settings)
  await ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }))
  // It may do what the operator's policy allows, and nothing else.
  const { accessKeyId, secretAccessKey } = await createOperator(new IAMClient(settings))
  const database = await createDatabase()
  ending.push(database.drop)
  const workDir = mkdtempSync(join(tmpdir(), "ecs-mesh-older-"))
  ending.push(() => rm(workDir, { recursive: true, force: true, maxRetries: 3 }))
  ports = { proxies: await freePort(), api: await freePort(), diagnostics: await freePort() }
  environment = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: workDir,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: aws.region,
    AWS_ENDPOINT_URL: aws.endpoint,
    ECS_MESH_CLUSTERS: CLUSTER
  }
  const controlPlane = await startControlPlane({
    environment: {
      ...environment,
      ...database.environment,
      ECS_MESH_SECRET_NAME_PREFIX: "ecs-mesh",
      // Far off: what comes soon, comes by an event.
      ECS_MESH_RESYNC_INTERVAL: "10m",
      KUMA_DP_SERVER_AUTHN_DP_PROXY_TYPE: "dpToken",
      KUMA_DP_SERVER_AUTHN_ZONE_PROXY_TYPE: "zoneToken",
      KUMA_GENERAL_WORK_DIR: workDir,
      ECS_MESH_DP_SERVER_ADDRESS: "127.0.0.1",
      KUMA_DP_SERVER_PORT: String(ports.proxies),
      KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(ports.api),
      ECS_MESH_MONITORING_ASSIGNMENT_SERVER_ADDRESS: "127.0.0.1",
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: "0",
      KUMA_API_SERVER_HTTPS_ENABLED: "false",
      ECS_MESH_DIAGNOSTICS_ADDRESS: "127.0.0.1",
      KUMA_DIAGNOSTICS_SERVER_PORT: String(ports.diagnostics)
    },
    logFile: join(workDir, "control-plane.log")
  })
  ending.push(() => controlPlane.stop())
  caPem = readFileSync(join(workDir, "tls", "ca.crt"), "utf8")
  journal = join(workDir, "journal.jsonl")
  written = () => controlPlane.output() + readFileSync(journal, "utf8")
  await until("the events", () => controlPlane.output(), (log) => log.includes("The operator follows events"))
}, 150_000)

afterAll(async () => {
  for (const end of ending.splice(0).reverse()) await end()
}, 30_000)

const createSecret = (name: string, text: string) =>
  secrets.send(new CreateSecretCommand({ Name: name, SecretString: text }))

const secretOf = async (name: string): Promise<Record<string, unknown>> => {
  const { SecretString = "{}" } = await secrets.send(new GetSecretValueCommand({ SecretId: name }))
  return JSON.parse(SecretString) as Record<string, unknown>
}

const tokenIn = (name: string): Promise<string> =>
  until(`a token in ${name}`, async () => String((await secretOf(name))["token"] ?? ""), (token) => token !== "")

const runTagged = async (service: string): Promise<void> => {
  await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: service,
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      cpu: "256",
      memory: "512",
      containerDefinitions: [{ name: "app", image: "app" }, { name: "kuma-dp", image: "kuma-dp:1.5.1" }]
    })
  )
  await ecs.send(
    new RunTaskCommand({
      cluster: CLUSTER,
      taskDefinition: service,
      launchType: "FARGATE",
      group: `service:${service}`,
      tags: [{ key: "kuma.io/service", value: service }],
      networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } }
    })
  )
}

const dataplane = (name: string, service: string, port: number, servicePort: number): string => `
type: Dataplane
mesh: default
name: ${name}
networking:
  address: 127.0.0.1
  inbound:
    - port: ${port}
      servicePort: ${servicePort}
      tags: { kuma.io/service: ${service}, kuma.io/protocol: http }
`

/** The status of `/bootstrap` for a proxy of this service with this token. */
const bootstrapStatus = async (service: string, dataplaneToken: string): Promise<number> => {
  const name = `${service}-asks`
  const dataplaneResource = dataplane(name, service, 15_050, 5_050)
  const body = { mesh: "default", name, proxyType: "dataplane", dataplaneToken, dataplaneResource }
  return (await askBootstrap({ port: ports.proxies }, { caPem }, body)).status
}

describe("a task that is tagged kuma.io/service", () => {
  it("gets a token into its secret, beside what else is there, and its sidecar joins with it", async () => {
    await createSecret("ecs-mesh/kv", "{\"id\": 12345678901234567890}")
    await runTagged("kv")
    const token = await tokenIn("ecs-mesh/kv")
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: "ecs-mesh/kv" }))
    expect(SecretString).toBe(`{"id": 12345678901234567890,"token":${JSON.stringify(token)}}`)

    const claims = readToken(token)
    expect(claims).toMatchObject({ mesh: "default", services: ["kv"] })
    expect(claims?.id).toMatch(/^[0-9a-f-]{36}$/)
    expect((claims?.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(365 * 24 * 3_600_000)

    const sidecarAt = await sidecarPorts()
    const sidecar = await startSidecar(sidecarAt, {
      KUMA_CONTROL_PLANE_URL: `https://127.0.0.1:${ports.proxies}`,
      KUMA_CONTROL_PLANE_CA_CERT: caPem,
      KUMA_DATAPLANE_NAME: "kv-1",
      KUMA_DATAPLANE_MESH: "default",
      KUMA_DATAPLANE_RUNTIME_TOKEN: token,
      KUMA_DATAPLANE_RUNTIME_RESOURCE: dataplane("kv-1", "kv", await freePort(), await freePort())
    })
    ending.push(() => sidecar.stop())
    await until("a ready sidecar", async () => ({ ready: await sidecar.ready(), log: sidecar.output() }),
      ({ ready }) => ready?.status === 200)
    expect(await bootstrapStatus("redis", token)).toBe(403)
    // Its role has no tags, and nobody asks for them.
    expect(written()).not.toContain("A task may not join the mesh")
    expect(readFileSync(journal, "utf8")).toContain("dataplanes join by tokens here")
    expect(written()).not.toContain(token.split(".")[2])
    expect(written()).not.toContain(token.split(".")[1])
  }, 90_000)

  it("is told what to create where its secret isn't there, and gets its token once it is", async () => {
    await runTagged("late")
    await until("the word on it", written, (text) => text.includes("SecretMissing"))
    expect(written()).toMatch(/Secrets Manager has no secret \\"ecs-mesh\/late\\": create it/)
    await createSecret("ecs-mesh/late", "{}")
    // ECS tries again with another task, whose event wakes the controller.
    await runTagged("late")
    expect(readToken(await tokenIn("ecs-mesh/late"))).toMatchObject({ mesh: "default", services: ["late"] })
  }, 90_000)

  it("gets it from a controller that stands alone before the control plane's API as well", async () => {
    await createSecret("ecs-mesh/alone/kv", "{}")
    await runTagged("kv")
    const controller = await startProcess({
      command: process.execPath,
      args: [
        ...[main, "token-controller", "--secret-name-prefix", "ecs-mesh/alone/"],
        ...["--api-server-url", `http://127.0.0.1:${ports.api}`]
      ],
      env: { ...environment, KUMA_API_TOKEN: "of-no-use-from-loopback", ECS_MESH_TOKEN_VALIDITY: "24h" }
    })
    ending.push(() => controller.stop())
    const token = await tokenIn("ecs-mesh/alone/kv")
    expect((readToken(token)?.expiresAt ?? 0) - Date.now()).toBeLessThanOrEqual(24 * 3_600_000)
    expect(await bootstrapStatus("kv", token)).toBe(200)
    await until("its log", () => controller.output(), (log) => log.includes("A dataplane token was put into a secret"))
    expect(controller.output()).not.toMatch(/of-no-use|eyJ/)
  }, 90_000)

  it("leaves a journal that replays to the same decisions", async () => {
    const replay = await startProcess({ command: process.execPath, args: [main, "replay", journal] })
    ending.push(() => replay.stop())
    const { code } = await replay.exited
    expect(code, replay.output().slice(-1_000)).toBe(0)
    expect(readFileSync(journal, "utf8")).toContain("\"kind\":\"token\"")
  }, 60_000)
})
