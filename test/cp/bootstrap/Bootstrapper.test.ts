import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { parse } from "yaml"
import { REFUSALS_A_MINUTE } from "../../../src/cp/diagnostics/Ration.ts"
import { askBootstrap } from "../server/askBootstrap.ts"
import {
  type ControlPlane,
  dataplane,
  eventually,
  loopbackTls,
  mesh,
  startControlPlane,
  type Tls
} from "../server/startControlPlane.ts"
import { useTestDatabases } from "../store/testDatabases.ts"

const databases = useTestDatabases()
let tls: Tls
let controlPlane: ControlPlane

beforeAll(async () => {
  tls = await loopbackTls()
  controlPlane = await startControlPlane({ store: await databases.create(), tls, auth: "dpToken" })
  await controlPlane.put(mesh("default", false))
  await controlPlane.put(dataplane("kv-1", "kv", { address: "10.1.2.3", port: 8_080 }))
  const dataplaneToken = await controlPlane.token("kv-1")
  await eventually(() => ask({ name: "kv-1", dataplaneToken }), ({ status }) => status === 200)
}, 60_000)
afterAll(() => controlPlane?.stop())

const ask = (body: unknown, options?: Parameters<typeof askBootstrap>[3]) => askBootstrap(controlPlane, tls, body, options)
const json = (body: string): unknown => JSON.parse(body)

describe("/bootstrap", () => {
  it("answers plain YAML, or JSON that holds it where that is asked for", async () => {
    const request = { name: "kv-1", dataplaneToken: await controlPlane.token("kv-1") }
    const plain = await ask(request)
    expect(plain.headers["content-type"]).toBe("text/x-yaml")
    expect(parse(plain.body)).toMatchObject({ node: { id: "default.kv-1", cluster: "kv" } })
    const wrapped = await ask(request, { headers: { accept: "application/json" } })
    const answer = json(wrapped.body) as { bootstrap: string; kumaSidecarConfiguration: unknown }
    expect(parse(Buffer.from(answer.bootstrap, "base64").toString())).toEqual(parse(plain.body))
    expect(answer.kumaSidecarConfiguration).toMatchObject({ networking: { address: "10.1.2.3" }, metrics: { aggregate: [] } })
  })

  it("sends Envoy to the host and port that the sidecar dialled", async () => {
    const request = { name: "kv-1", dataplaneToken: await controlPlane.token("kv-1") }
    expect((await ask(request, { headers: { host: "localhost:7777" } })).body).toContain("port_value: 7777")
  })

  it("takes the token from the header as well, and the same one from both", async () => {
    const token = await controlPlane.token("kv-1")
    const headers = { authorization: token }
    expect((await ask({ name: "kv-1" }, { headers })).status).toBe(200)
    expect((await ask({ name: "kv-1", dataplaneToken: token }, { headers })).status).toBe(200)
    const other = await controlPlane.token("kv-1")
    expect(json((await ask({ name: "kv-1", dataplaneToken: other }, { headers })).body)).toMatchObject({ title: "CredentialRepeated" })
  })

  it("refuses a host that its certificate doesn't hold", async () => {
    const request = { name: "kv-1", dataplaneToken: await controlPlane.token("kv-1") }
    const answer = await ask(request, { headers: { host: "elsewhere.test:5678" } })
    expect(answer.status).toBe(400)
    expect(answer.body).toContain("KUMA_GENERAL_TLS_CERT_FILE")
  })

  it("refuses a CA that is none", async () => {
    const request = { name: "kv-1", dataplaneToken: await controlPlane.token("kv-1"), caCert: tls.certificatePem }
    expect((await ask(request)).status).toBe(400)
  })

  it("says that a token is missing, that it is another's, and what kind of error that is", async () => {
    expect(await ask({ name: "kv-1" })).toMatchObject({ status: 422 })
    const dataplaneToken = await controlPlane.token("other")
    const refused = await ask({ name: "kv-1", dataplaneToken })
    expect(refused.status).toBe(403)
    expect(json(refused.body)).toMatchObject({ type: "/std-errors", status: 403, title: "TokenNameMismatch" })
    expect(refused.body).not.toContain(dataplaneToken)
  })

  it("says that it knows no such Dataplane, and when to come again", async () => {
    const answer = await ask({ name: "kv-9", dataplaneToken: await controlPlane.token("kv-9") })
    expect(answer).toMatchObject({ status: 404, headers: { "retry-after": "3" } })
    expect(json(answer.body)).toMatchObject({ detail: expect.stringContaining("default/kv-9") })
  })

  it("lets kuma-dp come again for a Dataplane that isn't there yet, by the empty 404 that it waits for", async () => {
    const request = { name: "kv-9", dataplaneToken: await controlPlane.token("kv-9") }
    const answer = await ask(request, { headers: { "user-agent": "Go-http-client/1.1" } })
    expect([answer.status, answer.body]).toEqual([404, ""])
  })

  it("takes the proxy's own resource, and tells all that is wrong with it", async () => {
    const dataplaneToken = await controlPlane.token("kv-9")
    const resource = "type: Dataplane\nmesh: default\nname: kv-9\nnetworking:\n  address: 127.0.0.1\n  admin: {port: 9999}\n  inbound:\n  - {port: 80, tags: {kuma.io/service: nine}}\n"
    const good = await ask({ name: "kv-9", dataplaneToken, dataplaneResource: resource })
    expect(parse(good.body)).toMatchObject({
      node: { cluster: "nine" },
      admin: { address: { socket_address: { port_value: 9_999 } } }
    })
    const bad = await ask({ name: "kv-9", dataplaneToken, dataplaneResource: resource.replace("port: 80,", "port: 0,") })
    expect(bad.status).toBe(422)
    expect(json(bad.body)).toMatchObject({ invalid_parameters: [{ field: expect.stringContaining("port") }] })
    const lost = await ask({ name: "kv-9", mesh: "nowhere", dataplaneToken, dataplaneResource: resource })
    expect([403, 422]).toContain(lost.status)
  })

  it.each([["malformed", "{", 400], ["without a name", "{}", 422]])("answers %s JSON by %s", async (_, body, status) => {
    expect((await ask(body)).status).toBe(status)
  })

  it("takes no body without end", async () => {
    const answer = await ask("x".repeat(1024 * 1024 + 1)).catch(() => ({ status: 413 }))
    expect(answer.status).toBe(413)
  })

  it("takes a token of 32 KiB in a header", async () => {
    const answer = await ask({ name: "kv-1" }, { headers: { authorization: "x".repeat(32 * 1024) } })
    expect(answer.status).toBe(403)
  })

  it("keeps of those that it refuses no more than a ration in the journal, whoever knocks however often", async () => {
    const kept = () => controlPlane.journal.filter(({ kind }) => kind === "refused").length
    const before = kept()
    // However long it takes, it is one minute.
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now())
    try {
      for (let round = 0; round < 48; round += 1) {
        const knocks = Array.from({ length: REFUSALS_A_MINUTE / 40 }, () => ask({ name: "nobody" }))
        expect(new Set((await Promise.all(knocks)).map(({ status }) => status))).toEqual(new Set([422]))
      }
    } finally {
      clock.mockRestore()
    }
    expect(kept() - before).toBeGreaterThan(REFUSALS_A_MINUTE / 2)
    expect(kept() - before).toBeLessThanOrEqual(REFUSALS_A_MINUTE)
  }, 60_000)

  it("is the only door, and only for POST", async () => {
    expect((await ask({}, { path: "/" })).status).toBe(404)
    expect((await ask({}, { method: "PUT" })).status).toBe(405)
  })
})
