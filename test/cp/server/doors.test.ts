// The doors of a running control plane that judges by aws-iam: /bootstrap, both kinds of ADS, and health discovery.
import { status } from "@grpc/grpc-js"
import fc from "fast-check"
import { Context, Logger } from "effect"
import { connect as connectTls } from "node:tls"
import { afterEach, describe, expect, it } from "vitest"
import { MAX_TOKEN_LENGTH } from "../../../src/cp/auth/iam/decodeEnvelope.ts"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { BINDING_HEADER, bindingValue, IAM_TOKEN_PREFIX } from "../../../src/model/bindingValue.ts"
import { aws, tokenOf, type Workload } from "../auth/support/iamDoor.ts"
import { nodeOf, runningTask, useIamControlPlanes } from "../auth/support/iamControlPlane.ts"
import { answerJson, startScriptedSts } from "../auth/support/scriptedSts.ts"
import { AUDIENCE, HOST } from "../auth/support/signed.ts"
import { VARIANTS, type Variant } from "./bareStream.ts"
import { type ControlPlane, eventually } from "./startControlPlane.ts"

const planes = useIamControlPlanes()

const DOORS = ["bootstrap", ...VARIANTS, "health"] as const
type Door = typeof DOORS[number]

/** What a door says to these `authorization` values: "accepted" or the reason of its refusal. */
const enter = async (
  door: Door,
  controlPlane: ControlPlane,
  task: Workload,
  values: ReadonlyArray<string>
): Promise<string> => {
  const lines = values.flatMap((value) => ["authorization", value])
  if (door === "bootstrap") {
    const { status, body } = await planes.ask(controlPlane, { name: task.taskId }, { lines })
    return status === 200 ? "accepted" : (JSON.parse(body) as { title: string }).title
  }
  const stream = planes.call(controlPlane, door, lines)
  stream.send({ node: nodeOf(task), typeUrl: TypeUrl.Cluster })
  let refusal: string | null = null
  void stream.ended.then(({ details }) => { refusal = details.split(":")[0] ?? "" })
  await eventually(() => refusal !== null || stream.answered() > 0, (over) => over, 20_000)
  return refusal ?? "accepted"
}

const connected = (controlPlane: ControlPlane) => Context.get(controlPlane.services, AdsServer).connected()

describe.each(DOORS)("at the door %s", (door) => {
  it("a task of the mesh comes in, and a token of 32 KiB is read while a longer one is refused", async () => {
    const controlPlane = await planes.start()
    const task = await runningTask(controlPlane)
    expect(await enter(door, controlPlane, task, [await tokenOf(task)])).toBe("accepted")
    expect(await enter(door, controlPlane, task, ["x".repeat(MAX_TOKEN_LENGTH)])).toBe("TokenPrefixWrong")
    expect(await enter(door, controlPlane, task, ["x".repeat(MAX_TOKEN_LENGTH + 1)])).toBe("TokenTooLong")
  })

  it("no authorization line, an empty one, and two of them are refused, the same or not", async () => {
    const controlPlane = await planes.start()
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    expect(await enter(door, controlPlane, task, [])).toBe("CredentialMissing")
    expect(await enter(door, controlPlane, task, [""])).toBe("CredentialMissing")
    for (const values of [[token, token], [token, "x"], ["x", token], [token, ""], [token, token, token]]) {
      expect(await enter(door, controlPlane, task, values)).toBe("CredentialRepeated")
    }
    // Nor does a comma, by which HTTP joins lines, make one of two.
    expect(await enter(door, controlPlane, task, [`${token}, ${token}`])).toBe("TokenEncodingWrong")
    expect(await enter(door, controlPlane, task, [`${token},${token}`])).toBe("TokenEncodingWrong")
  })

  it("an Authorization header of SigV4's own is refused, alone and beside a token", async () => {
    const controlPlane = await planes.start()
    const task = await runningTask(controlPlane)
    const header = `AWS4-HMAC-SHA256 Credential=${task.credentials.accessKeyId}/20260102/us-east-1/sts/aws4_request`
    expect(await enter(door, controlPlane, task, [header])).toBe("TokenPrefixWrong")
    expect(await enter(door, controlPlane, task, [await tokenOf(task), header])).toBe("CredentialRepeated")
  })

  it("nobody takes over another's live proxy, whose stream stays", async () => {
    const controlPlane = await planes.start()
    const victim = await runningTask(controlPlane)
    const stream = planes.call(controlPlane, "delta", ["authorization", await tokenOf(victim)])
    stream.send({ node: nodeOf(victim), typeUrl: TypeUrl.Cluster })
    await eventually(() => stream.answered(), (bytes) => bytes > 0, 20_000)
    const thief = await runningTask(controlPlane)
    const ofTheSameRole = { ...victim, credentials: await aws.assume(victim.role.arn, thief.taskId) }
    const ofAnotherRole = { ...victim, credentials: await aws.assume(thief.role.arn, victim.taskId) }
    expect(await enter(door, controlPlane, victim, [await tokenOf(thief)])).toBe("StsDenied")
    expect(await enter(door, controlPlane, victim, [await tokenOf(ofTheSameRole)])).toBe("SessionMismatch")
    expect(await enter(door, controlPlane, victim, [await tokenOf(ofAnotherRole)])).toBe("RoleMismatch")
    expect(connected(controlPlane)).toMatchObject([{ name: victim.taskId }])
    const before = stream.answered()
    stream.send({ typeUrl: TypeUrl.Listener })
    await eventually(() => stream.answered(), (bytes) => bytes > before, 20_000)
  })

  it("a token that one replica took is refused from another proxy by every replica, and is good for its own", async () => {
    const store = await planes.createStore()
    const [one, other] = [await planes.start({ store }), await planes.start({ store, instanceId: "cp-2" })]
    const [owner, thief] = [await runningTask(one, other), await runningTask(one, other)]
    const token = await tokenOf(owner)
    expect(await enter(door, one, owner, [token])).toBe("accepted")
    expect(await enter(door, other, thief, [token])).toBe("StsDenied")
    expect(await enter(door, one, thief, [token])).toBe("StsDenied")
    expect(await enter(door, other, owner, [token])).toBe("accepted")
  })

  it("what a client sends beside its token reaches no STS", async () => {
    const sts = await startScriptedSts(answerJson(500, "{}"))
    try {
      const controlPlane = await planes.start({ auth: { stsEndpoint: sts.endpoint } })
      const task = await runningTask(controlPlane)
      const lines = [
        BINDING_HEADER, "0".repeat(64), "x-amz-date", "20260102T030405Z", "x-amz-security-token", "x",
        "x-forwarded-host", "evil.example", "accept", "text/xml", "cookie", "a=b"
      ]
      const token = await tokenOf(task)
      if (door === "bootstrap") {
        await planes.ask(controlPlane, { name: task.taskId }, { lines: ["authorization", token, ...lines] })
      } else {
        const stream = planes.call(controlPlane, door, ["authorization", token, ...lines])
        stream.send({ node: nodeOf(task), typeUrl: TypeUrl.Cluster })
        expect((await stream.ended).code).toBe(status.UNAVAILABLE)
      }
      const [{ headers, method } = { headers: {}, method: "" }] = sts.requests
      const { connection: _, ...sent } = headers
      expect({ method, ...sent }).toEqual({
        method: "GET",
        host: HOST,
        accept: "application/json",
        [BINDING_HEADER]: bindingValue(AUDIENCE, task.claim)
      })
    } finally {
      await sts.stop()
    }
  })
})

describe.each(VARIANTS)("an open %s stream", (variant: Variant) => {
  it("may leave its node out later on, but not name another", async () => {
    const controlPlane = await planes.start()
    const [task, other] = [await runningTask(controlPlane), await runningTask(controlPlane)]
    const stream = planes.call(controlPlane, variant, ["authorization", await tokenOf(task)])
    stream.send({ node: nodeOf(task), typeUrl: TypeUrl.Cluster })
    await eventually(() => stream.answered(), (bytes) => bytes > 0, 20_000)
    stream.send({ node: { id: "" }, typeUrl: TypeUrl.RouteConfiguration })
    stream.send({ node: nodeOf(task), typeUrl: TypeUrl.RouteConfiguration })
    const before = stream.answered()
    // A type that wasn't asked for yet is answered: the stream goes on.
    stream.send({ typeUrl: TypeUrl.Listener })
    await eventually(() => stream.answered(), (bytes) => bytes > before, 20_000)
    expect(connected(controlPlane)).toMatchObject([{ name: task.taskId }])
    stream.send({ node: nodeOf(other), typeUrl: TypeUrl.Listener })
    expect(await stream.ended).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining("node id must stay the same")
    })
    expect(controlPlane.journal.filter(({ kind }) => kind === "connected")).toHaveLength(1)
  })

  it("gives way to its own proxy's reconnect with the same token", async () => {
    const controlPlane = await planes.start()
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    const older = planes.call(controlPlane, variant, ["authorization", token])
    older.send({ node: nodeOf(task), typeUrl: TypeUrl.Cluster })
    await eventually(() => older.answered(), (bytes) => bytes > 0, 20_000)
    expect(await enter(variant, controlPlane, task, [token])).toBe("accepted")
    expect((await older.ended).code).toBe(status.ABORTED)
  })
})

describe.each(VARIANTS)("a %s stream that STS keeps waiting", (variant: Variant) => {
  it("isn't read any further meanwhile, whatever it sends", async () => {
    const sts = await startScriptedSts(() => {})
    try {
      const controlPlane = await planes.start({ auth: { stsEndpoint: sts.endpoint } })
      const task = await runningTask(controlPlane)
      const stream = planes.call(controlPlane, variant, ["authorization", await tokenOf(task)])
      stream.send({ node: nodeOf(task), typeUrl: TypeUrl.Cluster })
      await eventually(() => sts.requests.length, (length) => length > 0)
      const long = { typeUrl: `${TypeUrl.Listener}${"x".repeat(10_000)}` }
      for (let sent = 0; sent < 200; sent++) stream.send(long)
      // Others are served meanwhile, and nothing moves any more.
      let [before, still] = [0, 0]
      while (still < 10) {
        await planes.ask(controlPlane, "{}")
        still = stream.taken() === before ? still + 1 : 0
        before = stream.taken()
      }
      expect(stream.taken()).toBeLessThan(1_000_000)
    } finally {
      await sts.stop()
    }
  })
})

describe("a bootstrap request that names a key twice is refused:", () => {
  it.each([
    ["the name", (name: string, token: string) => `{"name":"x","name":"${name}","dataplaneToken":"${token}"}`],
    ["in another spelling", (name: string, token: string) =>
      `{"n\\u0061me":"x","name":"${name}","dataplaneToken":"${token}"}`],
    ["the token", (name: string, token: string) =>
      `{"name":"${name}","dataplaneToken":"x","dataplaneToken":"${token}"}`],
    ["the same value", (name: string, token: string) =>
      `{"name":"${name}","name":"${name}","dataplaneToken":"${token}"}`],
    ["deep within", (name: string, token: string) =>
      `{"name":"${name}","dataplaneToken":"${token}","dynamicMetadata":{"a":[{"b":1,"b":2}]}}`]
  ])("%s", async (_, spell) => {
    const controlPlane = await planes.start()
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    const answer = await planes.ask(controlPlane, spell(task.taskId, token))
    expect(answer.status).toBe(400)
    expect(answer.body).toContain("twice")
    expect(await enter("bootstrap", controlPlane, task, [token])).toBe("accepted")
  })
})

describe("whatever is malformed gets an ordinary error, and a good task comes in afterwards:", () => {
  const open: Array<() => void> = []
  const faults: Array<unknown> = []
  const loggers = [
    Logger.make(({ cause, logLevel, message }) => {
      if (logLevel === "Error" || logLevel === "Fatal") faults.push([message, cause])
    })
  ]
  afterEach(() => {
    for (const close of open.splice(0)) close()
    expect(faults.splice(0)).toEqual([])
  })

  const SEED = Number(process.env["ECS_MESH_SEED"] ?? 20_260_102)
  const sample = <A>(arbitrary: fc.Arbitrary<A>, numRuns: number): ReadonlyArray<A> =>
    fc.sample(arbitrary, { numRuns, seed: SEED })

  const bytes = fc.uint8Array({ maxLength: 300 })
  const latin1 = (content: Uint8Array): string => Buffer.from(content).toString("latin1")
  /** A reason of the grammar's: nobody came in, and nothing failed. */
  const ORDINARY = /^(Token|Credential|Url|Sts|Action|Version|Algorithm|Signe|Signature|Date|Expires|Security)/
  const deep = (depth: number) => `${"{\"a\":".repeat(depth)}1${"}".repeat(depth)}`

  it("bodies of a bootstrap request", async () => {
    const controlPlane = await planes.start({ loggers })
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    const good = JSON.stringify({ name: task.taskId, dataplaneToken: token })
    const bodies = [
      ...sample(fc.oneof(fc.json(), fc.string({ unit: "binary" }), bytes.map(latin1)), 120),
      ...sample(fc.nat(good.length - 1), 20).map((end) => good.slice(0, end)),
      "", "null", "[]", "0", "\"\"", "{", deep(100_000), `{"name":"a","dynamicMetadata":${deep(50_000)}}`,
      "{\"__proto__\":{\"name\":\"a\"}}", "{\"name\":\"__proto__\"}", "{\"name\":\"\\ud800\"}",
      `{"name":"${"a".repeat(500_000)}"}`
    ]
    for (const body of bodies) {
      const answer = await planes.ask(controlPlane, body)
      expect([answer.status >= 400 && answer.status < 500, body.slice(0, 80)]).toEqual([true, body.slice(0, 80)])
    }
    expect(await enter("bootstrap", controlPlane, task, [token])).toBe("accepted")
  })

  it("authorization values, at every door", async () => {
    const controlPlane = await planes.start({ loggers })
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
    const values = sample(
      fc.oneof(
        visible,
        visible.map((text) => `${IAM_TOKEN_PREFIX}${text}`),
        fc.nat(token.length - 1).map((end) => token.slice(0, end))
      ),
      25
    )
    for (const door of DOORS) {
      for (const value of values) expect(await enter(door, controlPlane, task, [value])).toMatch(ORDINARY)
      expect(await enter(door, controlPlane, task, [token])).toBe("accepted")
    }
  })

  it("bytes on the wire: of no protocol, of HTTP/1.1, of gRPC's frames", async () => {
    const controlPlane = await planes.start({ loggers })
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    const throwBytes = (content: Uint8Array, protocols: ReadonlyArray<string>): Promise<void> =>
      new Promise((resolve) => {
        const socket = connectTls({
          host: "127.0.0.1", port: controlPlane.port, ca: planes.tls().caPem, servername: "localhost",
          ALPNProtocols: [...protocols]
        }, () => socket.end(content))
        open.push(() => socket.destroy())
        socket.on("error", () => {})
        socket.on("close", () => resolve())
        socket.resume()
      })
    for (const content of sample(bytes, 20)) {
      await throwBytes(content, ["h2"])
      await throwBytes(content, ["http/1.1"])
      const request = Buffer.concat([Buffer.from("POST /bootstrap HTTP/1.1\r\nhost: x\r\n"), content])
      await throwBytes(request, ["http/1.1"])
    }
    for (const variant of VARIANTS) {
      for (const content of sample(bytes, 20)) {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(content.length, 1)
        // With a frame of its length it is decoded as a message; as it is, its first bytes are the frame.
        for (const sent of [Buffer.concat([head, content]), content]) {
          const stream = planes.call(controlPlane, variant, ["authorization", token])
          stream.sendBytes(sent)
          open.push(stream.close)
        }
      }
      expect(await enter(variant, controlPlane, task, [token])).toBe("accepted")
    }
    expect(await enter("bootstrap", controlPlane, task, [token])).toBe("accepted")
  })

  it("messages that are no first request of a proxy", async () => {
    const controlPlane = await planes.start({ loggers })
    const task = await runningTask(controlPlane)
    const token = await tokenOf(task)
    for (const variant of VARIANTS) {
      for (const content of [Buffer.from([0xff]), Buffer.alloc(64, 0x0a), Buffer.alloc(20_000, 0x12)]) {
        const head = Buffer.alloc(5)
        head.writeUInt32BE(content.length, 1)
        const stream = planes.call(controlPlane, variant, ["authorization", token])
        stream.sendBytes(Buffer.concat([head, content]))
        expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT })
      }
      for (const id of ["", ".", "..", "default", "default.", ".x", `${"a".repeat(60_000)}.b`, "default.\ud800"]) {
        const stream = planes.call(controlPlane, variant, ["authorization", token])
        stream.send({ node: { id }, typeUrl: TypeUrl.Cluster })
        const { code } = await stream.ended
        expect([status.INVALID_ARGUMENT, status.PERMISSION_DENIED, status.UNAVAILABLE]).toContain(code)
      }
      expect(await enter(variant, controlPlane, task, [token])).toBe("accepted")
    }
  })
})
