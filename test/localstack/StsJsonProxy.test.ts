import { afterEach, expect, it } from "vitest"
import { startStsJsonProxy, type StsJsonProxy } from "../../localstack/StsJsonProxy.ts"
import { answerJson, type Script, type ScriptedSts, startScriptedSts } from "../cp/auth/support/scriptedSts.ts"

const running: Array<StsJsonProxy | ScriptedSts> = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

const start = async (script: Script): Promise<{ readonly endpoint: string; readonly emulator: ScriptedSts }> => {
  const emulator = await startScriptedSts(script)
  const proxy = await startStsJsonProxy({ emulator: emulator.endpoint })
  running.push(proxy, emulator)
  return { endpoint: proxy.endpoint, emulator }
}

const xml = (status: number, body: string): Script => answerJson(status, body, "text/xml")

const IDENTITY = `<?xml version="1.0"?><GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/a/b&amp;c</Arn><UserId>AROAX:b&amp;c</UserId>
  <Account>123456789012</Account></GetCallerIdentityResult>
  <ResponseMetadata><RequestId>0123</RequestId></ResponseMetadata></GetCallerIdentityResponse>`

it("gives an identity as AWS gives it in JSON", async () => {
  const { endpoint } = await start(xml(200, IDENTITY))
  const response = await fetch(`${endpoint}/?Action=GetCallerIdentity`)
  expect(response.headers.get("content-type")).toBe("application/json")
  expect(await response.json()).toEqual({
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: {
        Account: "123456789012",
        Arn: "arn:aws:sts::123456789012:assumed-role/a/b&c",
        UserId: "AROAX:b&c"
      },
      ResponseMetadata: { RequestId: "0123" }
    }
  })
})

it("gives an error with its status, code and message", async () => {
  const { endpoint } = await start(
    xml(403, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>a &lt; b</Message></Error></ErrorResponse>")
  )
  const response = await fetch(endpoint)
  expect(response.status).toBe(403)
  expect(await response.json()).toMatchObject({ Error: { Code: "ExpiredToken", Message: "a < b" } })
})

it("sends path and headers on as they came", async () => {
  const { endpoint, emulator } = await start(xml(200, IDENTITY))
  await fetch(`${endpoint}/?X-Amz-Signature=00&a=%2F`, { headers: { "x-ecs-mesh-binding": "abc" } })
  expect(emulator.requests[0]).toMatchObject({
    url: "/?X-Amz-Signature=00&a=%2F",
    headers: { host: new URL(endpoint).host, "x-ecs-mesh-binding": "abc" }
  })
})

it("never makes an identity of an answer that is none", async () => {
  const { endpoint, emulator } = await start(xml(200, "<html>hello</html>"))
  expect((await fetch(endpoint)).status).toBe(502)
  await emulator.stop()
  expect((await fetch(endpoint)).status).toBe(503)
  expect((await fetch(endpoint, { method: "POST" })).status).toBe(405)
})
