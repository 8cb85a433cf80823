import { it as effectIt } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { createServer } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { MAX_BODY_BYTES } from "../../../../src/cp/auth/iam/askSts.ts"
import { checkScope } from "../../../../src/cp/auth/iam/checkScope.ts"
import { parsePresignedUrl } from "../../../../src/cp/auth/iam/parsePresignedUrl.ts"
import { rebuildRequest, type StsRequest } from "../../../../src/cp/auth/iam/rebuildRequest.ts"
import { makeStsClient, STS_LIMITS, type StsClient, type StsLimits } from "../../../../src/cp/auth/iam/StsClient.ts"
import { bindingValue } from "../../../../src/model/bindingValue.ts"
import { answerJson, identityJson, type Script, type ScriptedSts, startScriptedSts } from "../support/scriptedSts.ts"
import { AUDIENCE, CLAIM, HOST, HOSTS, NOW, signedUrl } from "../support/signed.ts"
import { reasonOf } from "../support/verdict.ts"

const running: Array<ScriptedSts> = []
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop()
})

const start = async (script: Script): Promise<ScriptedSts> => {
  const server = await startScriptedSts(script)
  running.push(server)
  return server
}

const requestTo = async (endpoint: string, name = CLAIM.name): Promise<StsRequest> => {
  const claim = { ...CLAIM, name }
  const presigned = Result.getOrThrow(parsePresignedUrl(await signedUrl({ claim }), HOSTS))
  return rebuildRequest(Result.getOrThrow(checkScope(presigned, NOW)), endpoint, bindingValue(AUDIENCE, claim))
}

const quick: StsLimits = { ...STS_LIMITS, deadlineMillis: 300 }

const identify = (client: StsClient, request: StsRequest): Promise<string> =>
  Effect.runPromise(client.identify(request).pipe(Effect.result, Effect.map(reasonOf)))

const verdict = async (script: Script, limits: StsLimits = quick): Promise<string> => {
  const { endpoint } = await start(script)
  return identify(await Effect.runPromise(makeStsClient(limits)), await requestTo(endpoint))
}

const ARN = "arn:aws:sts::123456789012:assumed-role/demo/0123"
const GOOD = identityJson("123456789012", ARN, "AROAIOSFODNN7EXAMPLE:0123")
const error = (code: string): string => JSON.stringify({ Error: { Type: "Sender", Code: code, Message: "quoted" } })

it("asks with the signed host, the binding and nothing of its own", async () => {
  const server = await start(answerJson(200, GOOD))
  const client = await Effect.runPromise(makeStsClient())
  expect(await Effect.runPromise(client.identify(await requestTo(server.endpoint)))).toEqual({
    account: "123456789012",
    arn: ARN,
    userId: "AROAIOSFODNN7EXAMPLE:0123"
  })
  expect(server.requests).toHaveLength(1)
  const { method, headers } = server.requests[0] ?? { method: "", headers: {} }
  expect(method).toBe("GET")
  const { connection: _, ...others } = headers
  const binding = bindingValue(AUDIENCE, CLAIM)
  expect(others).toEqual({ host: HOST, accept: "application/json", "x-ecs-mesh-binding": binding })
})

it("asks by GET and without a body", async () => {
  // The bytes themselves: what follows the headers of a GET reaches no handler of Node's server.
  let sent = ""
  const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${GOOD.length}\r\n\r\n${GOOD}`
  const server = createServer((socket) => {
    socket.on("error", () => {})
    socket.on("data", (chunk) => { sent += String(chunk) })
    socket.once("data", () => setTimeout(() => socket.end(answer), 50))
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve(address === null || typeof address === "string" ? 0 : address.port)
    })
  })
  try {
    const client = await Effect.runPromise(makeStsClient())
    expect(await identify(client, await requestTo(`http://127.0.0.1:${port}`))).toBe("accepted")
  } finally {
    server.close()
  }
  expect(sent).toMatch(/^GET \/\?Action=\S+ HTTP\/1\.1\r\n/)
  expect(sent).not.toMatch(/content-length|transfer-encoding|content-type/i)
  expect(sent.indexOf("\r\n\r\n")).toBe(sent.length - 4)
})

it("brings no Authorization header beside the signed query", async () => {
  const server = await start(answerJson(200, GOOD))
  await identify(await Effect.runPromise(makeStsClient()), await requestTo(server.endpoint))
  expect(server.requests.map(({ headers, url }) => [headers.authorization, url.includes("X-Amz-Signature=")])).toEqual([
    [undefined, true]
  ])
})

it.each([301, 302, 303, 307, 308])("refuses to follow a redirect (%i)", async (status) => {
  const elsewhere = await start(answerJson(200, GOOD))
  expect(await verdict((response) => response.writeHead(status, { location: elsewhere.endpoint }).end())).toBe(
    "NotYetKnown: StsRedirected"
  )
  expect(elsewhere.requests).toHaveLength(0)
})

describe("refuses an answer that isn't a clean 200:", () => {
  it.each([
    ["201 with an identity", answerJson(201, GOOD), "StsAnswerUnreadable"],
    ["203 with an identity", answerJson(203, GOOD), "StsAnswerUnreadable"],
    ["404", answerJson(404, error("NoSuchKey")), "StsUnavailable"],
    ["400 without an error", answerJson(400, "{}"), "StsAnswerUnreadable"],
    ["403 that isn't JSON", answerJson(403, "<Error/>", "text/xml"), "StsAnswerUnreadable"],
    ["an identity as text/html", answerJson(200, GOOD, "text/html"), "StsAnswerUnreadable"],
    ["an identity of no type", (response) => response.writeHead(200).end(GOOD), "StsAnswerUnreadable"],
    ["another charset", answerJson(200, GOOD, "application/json; charset=utf-7"), "StsAnswerUnreadable"],
    ["a type that only starts so", answerJson(200, GOOD, "application/jsonx"), "StsAnswerUnreadable"],
    ["XML", answerJson(200, "<GetCallerIdentityResponse/>", "text/xml"), "StsAnswerUnreadable"],
    ["a body that is too long", answerJson(200, GOOD + " ".repeat(MAX_BODY_BYTES)), "StsUnreachable"],
    ["a body that isn't UTF-8", (response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(Buffer.from([0xff, 0xfe])), "StsUnreachable"],
    ["a body that breaks off", (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "500" })
      response.write(GOOD.slice(0, 20), () => response.destroy())
    }, "StsUnreachable"],
    ["a connection that is cut", (response) => response.destroy(), "StsUnreachable"]
  ] satisfies ReadonlyArray<[string, Script, string]>)("%s", async (_, script, reason) => {
    expect(await verdict(script)).toBe(`NotYetKnown: ${reason}`)
  })
})

describe("refuses JSON that isn't exactly one identity:", () => {
  it.each([
    ["nothing", ""],
    ["no object", "[]"],
    ["null", "null"],
    ["two values", `${GOOD}${GOOD}`],
    ["a duplicate key", GOOD.replace("\"Account\":", "\"Account\":\"999999999999\",\"Account\":")],
    ["a duplicate key in another spelling", GOOD.replace("\"Account\":", "\"\\u0041ccount\":\"9\",\"Account\":")],
    ["a duplicate response", GOOD.replace("{\"Get", "{\"GetCallerIdentityResponse\":{},\"Get")],
    ["a key that differs in case", GOOD.replace("\"Account\":", "\"account\":\"999999999999\",\"Account\":")],
    ["a list of identities", GOOD.replace("Result\":{", "Result\":[{").replace("},\"Resp", "}],\"Resp")],
    ["an account that is a number", GOOD.replace("\"123456789012\"", "123456789012")],
    ["no ARN", GOOD.replace(/"Arn":"[^"]*",/, "")],
    ["an error beside it", GOOD.replace(/\}$/, ",\"Error\":{}}")],
    ["another action's answer", GOOD.replaceAll("GetCallerIdentity", "AssumeRole")]
  ])("%s", async (_, body) => {
    expect(body).not.toBe(GOOD)
    expect(await verdict(answerJson(200, body))).toBe("NotYetKnown: StsAnswerUnreadable")
  })
})

it.each(["SignatureDoesNotMatch", "InvalidClientTokenId", "ExpiredToken", "AccessDenied", "IncompleteSignature"])(
  "refuses for good where STS denies with %s, and doesn't quote it",
  async (code) => {
    const { endpoint } = await start(answerJson(403, error(code)))
    const client = await Effect.runPromise(makeStsClient())
    const denied = await Effect.runPromise(Effect.flip(client.identify(await requestTo(endpoint))))
    expect(denied).toMatchObject({ _tag: "Refused", reason: "StsDenied" })
    expect(denied.message).not.toContain("quoted")
  }
)

it.each([
  [400, "Throttling", "StsThrottled"],
  [400, "ThrottlingException", "StsThrottled"],
  [400, "RequestLimitExceeded", "StsThrottled"],
  [403, "TooManyRequestsException", "StsThrottled"],
  [429, "Throttling", "StsThrottled"],
  [500, "InternalFailure", "StsUnavailable"],
  [503, "ServiceUnavailable", "StsUnavailable"],
  [400, "InternalFailure", "StsUnavailable"]
])("%i %s is nobody's denial and is asked again", async (status, code, reason) => {
  let first = true
  const server = await start((response, request) => {
    answerJson(...(first ? [status, error(code)] as const : [200, GOOD] as const))(response, request)
    first = false
  })
  const client = await Effect.runPromise(makeStsClient())
  const request = await requestTo(server.endpoint)
  expect(await identify(client, request)).toBe(`NotYetKnown: ${reason}`)
  expect(await identify(client, request)).toBe("accepted")
})

it("an STS that can't be reached is never a success and never a denial", async () => {
  const { endpoint, stop } = await startScriptedSts(answerJson(200, GOOD))
  await stop()
  const client = await Effect.runPromise(makeStsClient())
  expect(await identify(client, await requestTo(endpoint))).toBe("NotYetKnown: StsUnreachable")
})

describe("within one total deadline", () => {
  it("ends an exchange whose answer never starts", async () => {
    expect(await verdict(() => {})).toBe("NotYetKnown: StsTooSlow")
  })

  it("ends an exchange whose body drips, though each byte comes in time, and closes the connection", async () => {
    const drips: Array<NodeJS.Timeout> = []
    const server = await start((response) => {
      response.writeHead(200, { "content-type": "application/json" })
      drips.push(setInterval(() => response.write(" "), 20))
    })
    try {
      const client = await Effect.runPromise(makeStsClient(quick))
      const began = performance.now()
      expect(await identify(client, await requestTo(server.endpoint))).toBe("NotYetKnown: StsTooSlow")
      expect(performance.now() - began).toBeLessThan(2_000)
      await expect.poll(() => server.underWay().now).toBe(0)
    } finally {
      for (const drip of drips) clearInterval(drip)
    }
  })

  it("waiting for a free place counts", async () => {
    const { endpoint } = await start(() => {})
    const client = await Effect.runPromise(makeStsClient({ ...quick, concurrency: 1 }))
    const both = await Promise.all([requestTo(endpoint, "a"), requestTo(endpoint, "b")])
    expect(await Promise.all(both.map((request) => identify(client, request)))).toEqual([
      "NotYetKnown: StsTooSlow",
      "NotYetKnown: StsTooSlow"
    ])
  })
})

describe("against amplification", () => {
  it("asks once for one token, however many wait", async () => {
    const server = await start((response, request) => setTimeout(() => answerJson(200, GOOD)(response, request), 50))
    const client = await Effect.runPromise(makeStsClient())
    const request = await requestTo(server.endpoint)
    const copies = Array.from({ length: 20 }, () => structuredClone(request))
    expect(new Set(await Promise.all(copies.map((copy) => identify(client, copy))))).toEqual(new Set(["accepted"]))
    expect(server.requests).toHaveLength(1)
  })

  it("one who leaves doesn't take the others' answer along", async () => {
    const server = await start((response, request) => setTimeout(() => answerJson(200, GOOD)(response, request), 100))
    const client = await Effect.runPromise(makeStsClient())
    const request = await requestTo(server.endpoint)
    const verdicts = await Effect.runPromise(Effect.gen(function*() {
      const leaver = yield* Effect.forkChild(client.identify(request))
      const stayer = yield* Effect.forkChild(client.identify(request))
      yield* Effect.sleep(20)
      yield* Fiber.interrupt(leaver)
      return yield* Fiber.join(stayer)
    }))
    expect(verdicts.account).toBe("123456789012")
    expect(server.requests).toHaveLength(1)
  })

  it("never has more exchanges under way than the cap", async () => {
    const server = await start((response, request) => setTimeout(() => answerJson(200, GOOD)(response, request), 20))
    const client = await Effect.runPromise(makeStsClient({ ...STS_LIMITS, concurrency: 3 }))
    const names = Array.from({ length: 12 }, (_, index) => `proxy-${index}`)
    const requests = await Promise.all(names.map((name) => requestTo(server.endpoint, name)))
    await Promise.all(requests.map((request) => identify(client, request)))
    expect(server.requests).toHaveLength(12)
    expect(server.underWay().most).toBe(3)
  })

  it("tokens for one proxy hold no more than their share of the places, and others come through", async () => {
    const held: Array<() => void> = []
    const server = await start((response, request) => {
      if (request.url?.includes("forged") === true) held.push(() => answerJson(200, GOOD)(response, request))
      else answerJson(200, GOOD)(response, request)
    })
    const client = await Effect.runPromise(makeStsClient({ ...STS_LIMITS, deadlineMillis: 60_000, concurrency: 3 }))
    const victim = await requestTo(server.endpoint, "victim")
    const forged = Array.from({ length: 5 }, (_, index) => ({ ...victim, path: `${victim.path}&forged=${index}` }))
    const waiting = forged.map((request) => identify(client, request))
    await expect.poll(() => held.length, { timeout: 15_000 }).toBe(2)
    // All but those two have their answer, though STS gave none.
    expect(await Promise.all(waiting.slice(2))).toEqual(Array.from({ length: 3 }, () => "NotYetKnown: ProxyAskedAbout"))
    expect(await identify(client, await requestTo(server.endpoint, "other"))).toBe("accepted")
    for (const answer of held) answer()
    expect(await Promise.all(waiting.slice(0, 2))).toEqual(["accepted", "accepted"])
    // Its places are free again.
    expect(await identify(client, victim)).toBe("accepted")
  })

  effectIt.effect("a denial is remembered for a short while only", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => start(answerJson(403, error("SignatureDoesNotMatch"))))
      const client = yield* makeStsClient({ ...STS_LIMITS, deadlineMillis: 3_600_000 })
      const request = yield* Effect.promise(() => requestTo(server.endpoint))
      const ask = client.identify(request).pipe(Effect.result, Effect.map(reasonOf))
      expect(yield* ask).toBe("Refused: StsDenied")
      expect(yield* ask).toBe("Refused: StsDenied")
      expect(server.requests).toHaveLength(1)
      yield* TestClock.adjust(STS_LIMITS.deniedMillis + 1)
      expect(yield* ask).toBe("Refused: StsDenied")
      expect(server.requests).toHaveLength(2)
    }))

  effectIt.effect("an identity is remembered for a minute, and only for the very same request", () =>
    Effect.gen(function*() {
      const server = yield* Effect.promise(() => start(answerJson(200, GOOD)))
      const client = yield* makeStsClient({ ...STS_LIMITS, deadlineMillis: 3_600_000 })
      const request = yield* Effect.promise(() => requestTo(server.endpoint))
      yield* client.identify(request)
      yield* client.identify(request)
      expect(server.requests).toHaveLength(1)
      // The same signature with another binding, another signed host, another credential: another question.
      yield* client.identify({ ...request, headers: { ...request.headers, "x-ecs-mesh-binding": "00" } })
      yield* client.identify({ ...request, headers: { ...request.headers, host: "sts.amazonaws.com" } })
      yield* client.identify({ ...request, path: request.path.replace("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLF") })
      expect(server.requests).toHaveLength(4)
      yield* TestClock.adjust(STS_LIMITS.acceptedMillis + 1)
      yield* client.identify(request)
      expect(server.requests).toHaveLength(5)
    }))

  it("the memory of answers is bounded", async () => {
    const server = await start(answerJson(200, GOOD))
    const client = await Effect.runPromise(makeStsClient({ ...STS_LIMITS, cached: 2 }))
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => requestTo(server.endpoint, name)))
    for (const request of [a, b, c, a]) if (request !== undefined) await identify(client, request)
    expect(server.requests).toHaveLength(4)
  })
})
