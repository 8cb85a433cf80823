// Valid and broken tokens of every kind come to every door; then all that was said to anybody is searched for any
// twelve characters of them.
import { Context, Effect, Layer, Logger, ManagedRuntime, Tracer } from "effect"
import { inspect } from "node:util"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Authenticator, type ProxyClaim } from "../../../src/cp/auth/Authenticator.ts"
import { authenticatorLayer } from "../../../src/cp/auth/authenticatorLayer.ts"
import { ensureSigningKey } from "../../../src/cp/auth/token/ensureSigningKey.ts"
import { issueZoneToken } from "../../../src/cp/auth/token/issueToken.ts"
import { keySecret, ZONE_TOKENS } from "../../../src/cp/auth/token/TokenScope.ts"
import { renderMetrics } from "../../../src/cp/diagnostics/renderMetrics.ts"
import { ResourceCache } from "../../../src/cp/snapshot/ResourceCache.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { Store } from "../../../src/model/Store.ts"
import { HERE, runningTask, useIamControlPlanes } from "../auth/support/iamControlPlane.ts"
import { authConfig, awsConfig, tokenOf, urlOf } from "../auth/support/iamDoor.ts"
import { AUDIENCE, envelope } from "../auth/support/signed.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { VARIANTS } from "./bareStream.ts"
import { type ControlPlane, dataplane, eventually, mesh, startControlPlane } from "./startControlPlane.ts"

const planes = useIamControlPlanes()
const databases = useTestDatabases()

/** Everything that anybody was told, in any form. */
let told: Array<string> = []
const hear = (...what: ReadonlyArray<unknown>): void => {
  for (const one of what) told.push(typeof one === "string" ? one : inspect(one, { depth: 12, showHidden: true }))
}

const spans: Array<Tracer.Span> = []
const tracer = Tracer.make({
  span: (options) => {
    const span = Tracer.nativeTracer.span(options)
    spans.push(span)
    return span
  }
})
const loggers = [Logger.formatJson, Logger.formatLogFmt, Logger.formatSimple].map((format) => Logger.map(format, hear))

const cleanups: Array<() => Promise<unknown>> = []
beforeEach(() => {
  told = []
  spans.length = 0
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((chunk) => {
      hear(String(chunk))
      return true
    })
  }
  for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
    vi.spyOn(console, method).mockImplementation(hear)
  }
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const SLICE = 12

/** Where twelve characters of a secret were told, by the secret's name; never the characters. */
const leaks = (secrets: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const slices = new Set<string>()
  for (const text of told) for (let at = 0; at + SLICE <= text.length; at += 1) slices.add(text.slice(at, at + SLICE))
  return Object.entries(secrets).flatMap(([name, secret]) => {
    expect(secret.length).toBeGreaterThanOrEqual(SLICE)
    for (let at = 0; at + SLICE <= secret.length; at += 1) {
      if (slices.has(secret.slice(at, at + SLICE))) return [`${name}, from its character ${at} on`]
    }
    return []
  })
}

/** A token, and ways to break it. */
const broken = (token: string): ReadonlyArray<string> => {
  const middle = Math.floor(token.length / 2)
  const other = token[middle] === "A" ? "B" : "A"
  return [
    token,
    `Bearer ${token}`,
    `${token}=`,
    `${token}, ${token}`,
    `${token}.${token}`,
    token.slice(0, -1),
    token.slice(1),
    token.slice(0, middle),
    token.slice(0, middle) + other + token.slice(middle + 1),
    token.toUpperCase(),
    encodeURIComponent(`"${token}"`)
  ]
}

/** Brings a credential to every door, in every place there is for one, and hears the answers. */
const bring = async (controlPlane: ControlPlane, claim: ProxyClaim, credential: string): Promise<void> => {
  const { name, mesh, proxyType } = claim
  // A file that Envoy reads its token from: the answer has no need to hold it.
  const asked = { name, mesh, proxyType, dataplaneTokenPath: "/var/run/token" }
  const lines = ["authorization", credential]
  const text = JSON.stringify(credential)
  for (
    const [body, options] of [
      [{ ...asked, dataplaneToken: credential }, {}],
      [asked, { lines }],
      [asked, { lines: [...lines, ...lines] }],
      [{ ...asked, dataplaneToken: credential }, { lines: ["authorization", "x"] }],
      [{ ...asked, dataplaneToken: [credential] }, {}],
      [{ ...asked, adminPort: credential }, {}],
      [`{"name":"${name}","dataplaneToken":${text}`, {}],
      [`{"name":"${name}","dataplaneToken":${text},"dataplaneToken":${text}}`, {}],
      [`{"name":"${name}","dataplaneToken":${text}} ${text}`, {}],
      [text, {}]
    ] as const
  ) {
    hear(await planes.ask(controlPlane, body, options))
  }
  for (const variant of VARIANTS) {
    for (const twice of [lines, [...lines, ...lines]]) {
      const stream = planes.call(controlPlane, variant, twice)
      stream.send({
        node: { id: `${mesh}.${name}`, metadata: { "dataplane.proxyType": proxyType } },
        typeUrl: TypeUrl.Cluster
      })
      let over = false
      void stream.ended.then((end) => { over = true; hear(end) })
      await eventually(() => over || stream.answered() > 0, (done) => done, 20_000)
      stream.close()
    }
  }
  // And what the door's own judge fails with, whoever may come to print it.
  const exit = await Effect.runPromise(
    Effect.exit(judgeOf(controlPlane).authenticate([credential], claim))
  )
  hear(exit, JSON.stringify(exit))
}

const judgeOf = (controlPlane: ControlPlane): Authenticator["Service"] =>
  Context.get(controlPlane.services, Authenticator)

/** What the control plane keeps or shows: journal, metrics, traces, and every resource but the signing keys. */
const hearDumps = async (controlPlane: ControlPlane): Promise<void> => {
  hear(controlPlane.journal, JSON.stringify(controlPlane.journal))
  hear(renderMetrics(controlPlane.services, { version: "1", instanceId: "cp-1" }))
  for (const { name, attributes, status } of spans) hear(name, attributes, status)
  const cache = Context.get(controlPlane.services, ResourceCache)
  for (const type of ["Dataplane", "DataplaneInsight", "EcsTask", "ZoneIngress", "ZoneIngressInsight"] as const) {
    hear(cache.list(type))
  }
}

it("nothing of a role's token is told to anybody", async () => {
  const controlPlane = await planes.start({ loggers, tracer })
  const task = await runningTask(controlPlane)
  const tokens = [await tokenOf(task), await tokenOf(task, { audience: "ca-sha256:9999" })]
  for (const token of tokens) for (const one of broken(token)) await bring(controlPlane, task.claim, one)
  for (const [what, instead] of [["Expires=900", "Expires=901"], ["https", "http"], ["Action=Get", "Action=get"]]) {
    const spoilt = urlOf(tokens[0] ?? "").replace(what ?? "", instead ?? "")
    await bring(controlPlane, task.claim, envelope(spoilt))
    await bring(controlPlane, task.claim, spoilt)
  }
  await hearDumps(controlPlane)
  const parts = (token: string) => new URL(urlOf(token)).searchParams
  expect(controlPlane.journal.filter(({ kind }) => kind === "connected").length).toBeGreaterThan(0)
  expect(told.join("\n")).toContain("StsDenied")
  expect(spans.length).toBeGreaterThan(0)
  expect(leaks({
    ...Object.fromEntries(tokens.map((token, index) => [`token ${index}`, token.slice(token.lastIndexOf(".") + 1)])),
    ...Object.fromEntries(tokens.map((token, index) => [`signature ${index}`, parts(token).get("X-Amz-Signature") ?? ""])),
    "security token": task.credentials.sessionToken ?? "",
    "access key": task.credentials.accessKeyId,
    "secret key": task.credentials.secretAccessKey
  })).toEqual([])
}, 120_000)

it("nothing of a dataplane token or a zone token is told to anybody", async () => {
  const controlPlane = await startControlPlane({
    store: await databases.create(), tls: planes.tls(), auth: "dpToken", zoneAuth: "zoneToken", reloadableTokens: true,
    loggers, tracer
  })
  cleanups.push(controlPlane.stop)
  await controlPlane.put(mesh("default", false))
  await controlPlane.put(dataplane("kv-1", "kv", { address: HERE, port: 8_080 }))
  await controlPlane.put({
    type: "ZoneIngress", mesh: "", name: "in-1", labels: {}, spec: { networking: { address: HERE, port: 10_001 } }
  })
  const store = Layer.succeed(Store, Context.get(controlPlane.services, Store))
  await Effect.runPromise(ensureSigningKey(ZONE_TOKENS).pipe(Effect.provide(store)))
  const cache = Context.get(controlPlane.services, ResourceCache)
  await eventually(() => cache.get(keySecret(ZONE_TOKENS, "1")), (key) => key !== undefined)
  const dataplaneToken = await controlPlane.token("kv-1")
  const zoneToken = await Effect.runPromise(
    issueZoneToken({ zone: "default", scope: ["ingress"], validForMillis: 600_000 }).pipe(Effect.provide(store))
  )
  const claim = { proxyType: "dataplane", mesh: "default", name: "kv-1", peerAddress: HERE } as const
  const ingress = { proxyType: "ingress", mesh: "", name: "in-1", peerAddress: HERE } as const
  for (const one of [...broken(dataplaneToken), zoneToken]) await bring(controlPlane, claim, one)
  for (const one of [...broken(zoneToken), dataplaneToken]) await bring(controlPlane, ingress, one)
  await hearDumps(controlPlane)
  expect(controlPlane.journal.filter(({ kind }) => kind === "connected").length).toBeGreaterThan(1)
  expect(leaks({ "dataplane token": dataplaneToken, "zone token": zoneToken })).toEqual([])
}, 120_000)

it("nor by a fault of our own that quotes it", async () => {
  let quoted = ""
  const runtime = ManagedRuntime.make(
    authenticatorLayer({ auth: authConfig(), aws: awsConfig(), zone: "zone-1", audience: AUDIENCE }).pipe(
      Layer.provide(Layer.succeed(ResourceCache, {
        get: () => { throw new Error(`failed at ${quoted} (${urlOf(quoted)})`, { cause: new Error(quoted) }) },
        list: () => [],
        onChange: () => () => {}
      })),
      Layer.provide(Logger.layer(loggers))
    )
  )
  cleanups.push(() => runtime.dispose())
  const controlPlane = await planes.start()
  const task = await runningTask(controlPlane)
  quoted = await tokenOf(task)
  hear(await runtime.runPromise(
    Authenticator.use(({ authenticate }) => Effect.exit(authenticate([quoted], task.claim)))
  ))
  expect(told.join("\n")).toContain("AuthenticationFaulty")
  expect(told.join("\n")).toContain("redacted")
  expect(leaks({ token: quoted.slice(quoted.lastIndexOf(".") + 1), "access key": task.credentials.accessKeyId }))
    .toEqual([])
})
