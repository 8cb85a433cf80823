// What those may hold of a control plane whose right to be here nobody has judged yet, or was denied.
import { create, toBinary } from "@bufbuild/protobuf"
import { status } from "@grpc/grpc-js"
import { Context } from "effect"
import { type ClientHttp2Session, connect } from "node:http2"
import { connect as connectTls } from "node:tls"
import { describe, expect, it, vi } from "vitest"
import { REFUSALS_A_MINUTE } from "../../../src/cp/diagnostics/Ration.ts"
import { DeltaDiscoveryRequestSchema } from "../../../src/cp/proto/envoy/service/discovery/v3/discovery_pb.js"
import { AdsServer } from "../../../src/cp/server/AdsServer.ts"
import { TypeUrl } from "../../../src/cp/xds/XdsResource.ts"
import { bareStream, frame, VARIANTS } from "./bareStream.ts"
import { type ControlPlane, dataplane, eventually, mesh } from "./startControlPlane.ts"
import { useControlPlanes } from "./useControlPlanes.ts"

const { cleanups, start, tls } = await useControlPlanes(mesh("default", false), dataplane("kv-1", "kv", { port: 8_080 }))

const session = ({ port }: ControlPlane): ClientHttp2Session => {
  const opened = connect(`https://localhost:${port}`, { ca: tls.caPem })
  opened.on("error", () => {})
  cleanups.push(() => opened.destroy())
  return opened
}

const call = (controlPlane: ControlPlane, variant: typeof VARIANTS[number]) => {
  const stream = bareStream(controlPlane, tls, variant)
  cleanups.push(stream.close)
  return stream
}

const node = (padding: number) => ({ id: "default.kv-1", metadata: { padding: "x".repeat(padding) } })
const HEADERS = {
  ":method": "POST",
  ":path": "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources",
  "content-type": "application/grpc",
  te: "trailers"
}
const MIB = 1024 * 1024

describe("a connection", () => {
  it("that has no stream is closed after a while, though its peer answers every ping", async () => {
    const idle = session(await start({ connectionIdleMillis: 300 }))
    await eventually(() => idle.closed || idle.destroyed, (closed) => closed, 20_000)
  })

  it("whose stream was refused is closed after a while, though its peer doesn't end the stream", async () => {
    const idle = session(await start({ auth: "dpToken", connectionIdleMillis: 300 }))
    const stream = idle.request(HEADERS)
    stream.on("error", () => {})
    // Bytes that are no discovery request.
    stream.write(Buffer.from([0, 0, 0, 0, 3, 255, 255, 255]))
    await eventually(() => idle.closed || idle.destroyed, (closed) => closed, 20_000)
  })

  it("with an admitted stream stays, however long that is silent", async () => {
    const controlPlane = await start({ connectionIdleMillis: 300 })
    const stream = call(controlPlane, "delta")
    stream.send({ node: node(0), typeUrl: TypeUrl.Cluster })
    await eventually(() => stream.answered(), (bytes) => bytes > 0)
    const idle = session(controlPlane)
    await eventually(() => idle.closed || idle.destroyed, (closed) => closed, 20_000)
    expect(Context.get(controlPlane.services, AdsServer).connected()).toMatchObject([{ name: "kv-1" }])
  })

  it("whose peer doesn't even answer a ping any more is cut off, one whose peer speaks stays", async () => {
    const controlPlane = await start()
    const alive = session(controlPlane)
    await new Promise((resolve) => alive.once("remoteSettings", resolve))
    const gone = connectTls({ host: "localhost", port: controlPlane.port, ca: tls.caPem, ALPNProtocols: ["h2"] })
    cleanups.push(() => gone.destroy())
    gone.on("error", () => {})
    // Begins as HTTP/2 does, with empty settings, and says no word after that.
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])
    gone.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]))
    gone.resume()
    let closed = false
    gone.once("close", () => { closed = true })
    const began = Date.now()
    let later = 0
    const clock = vi.spyOn(Date, "now").mockImplementation(() => began + later)
    try {
      await vi.waitFor(async () => {
        await new Promise((resolve) => alive.ping(resolve))
        later += 12_000
        expect(closed).toBe(true)
      }, { timeout: 30_000, interval: 1_500 })
    } finally {
      clock.mockRestore()
    }
    expect([alive.closed, alive.destroyed]).toEqual([false, false])
  }, 60_000)

  it("has a bounded number of streams", async () => {
    const one = session(await start())
    const settings = await new Promise<number | undefined>((resolve) =>
      one.once("remoteSettings", ({ maxConcurrentStreams }) => resolve(maxConcurrentStreams)))
    expect(settings).toBe(256)
  })
})

it("those who are refused take no more than a ration of the journal, whoever knocks however often", async () => {
  const controlPlane = await start({ auth: "dpToken" })
  const knocking = session(controlPlane)
  const request = create(DeltaDiscoveryRequestSchema, { node: node(0), typeUrl: TypeUrl.Cluster })
  const knock = (): Promise<string> =>
    new Promise((resolve) => {
      const stream = knocking.request(HEADERS)
      const read = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers["grpc-status"] !== undefined) resolve(String(headers["grpc-status"]))
      }
      stream.on("response", read)
      stream.on("trailers", read)
      stream.on("error", (error) => resolve(error.message))
      stream.end(frame(toBinary(DeltaDiscoveryRequestSchema, request)))
      stream.resume()
    })
  const kept = () => controlPlane.journal.filter(({ kind }) => kind === "refused").length
  // However long it takes, it is one minute.
  const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now())
  try {
    for (let round = 0; round < 12; round++) {
      const answers = await Promise.all(Array.from({ length: REFUSALS_A_MINUTE / 10 }, knock))
      expect(new Set(answers)).toEqual(new Set([String(status.UNAUTHENTICATED)]))
    }
    expect(kept()).toBe(REFUSALS_A_MINUTE)
    clock.mockReturnValue(Date.now() + 60_000)
    await knock()
    expect(kept()).toBe(REFUSALS_A_MINUTE + 1)
  } finally {
    clock.mockRestore()
  }
})

it("what a proxy says of its version is kept no further than a version goes", async () => {
  const controlPlane = await start()
  const stream = call(controlPlane, "delta")
  const version = { envoy: { version: "1.38.3", padding: "x".repeat(1_000) }, padding: "x".repeat(1_000) }
  stream.send({ node: { id: "default.kv-1", metadata: { version } }, typeUrl: TypeUrl.Cluster })
  const insight = await eventually(
    () => controlPlane.get({ type: "DataplaneInsight", mesh: "default", name: "kv-1" }),
    (found) => found !== null,
    20_000
  )
  expect(insight?.spec.subscriptions.map(({ version }) => version)).toEqual([{ envoy: { version: "1.38.3" } }])
})

describe.each(VARIANTS)("until a %s stream is admitted", (variant) => {
  it("its first request may be a mebibyte long and no more", async () => {
    const controlPlane = await start()
    const large = call(controlPlane, variant)
    large.send({ node: node(MIB - 1_000), typeUrl: TypeUrl.Cluster })
    await eventually(() => large.answered(), (bytes) => bytes > 0)
    const larger = call(controlPlane, variant)
    larger.send({ node: node(MIB), typeUrl: TypeUrl.Cluster })
    expect(await larger.ended).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining("the first request")
    })
  })
})
