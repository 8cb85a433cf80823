import { createServer as createHttpServer } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { ConfigProvider, Effect } from "effect"
import { expect, it } from "vitest"
import { askJournal, askLive } from "../../../src/cli/explain/askOperator.ts"
import { selfSigned } from "../../cp/api/selfSigned.ts"

const failureAt = (address: string): Promise<string> =>
  Effect.runPromise(askJournal(address, ["aa"]).pipe(Effect.flip, Effect.map(({ message }) => message)))

it("an address without its scheme is given back with one", async () => {
  expect(await failureAt("127.0.0.1:5681")).toBe("--address wants http:// or https:// before it: http://127.0.0.1:5681")
})

it("where nobody answers it is said what else can be read", async () => {
  const message = await failureAt("http://127.0.0.1:1")
  expect(message).toContain("with --address, or read its journal: --journal <work dir>/journal.jsonl")
})

it("of a certificate that nobody vouches for it is said how to name its CA", async () => {
  const { certificatePem, privateKeyPem } = await selfSigned()
  const server = createServer({ cert: certificatePem, key: privateKeyPem })
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    expect(await failureAt(`https://127.0.0.1:${port}`)).toContain("NODE_EXTRA_CA_CERTS")
  } finally {
    server.close()
  }
})

const withToken = Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ KUMA_API_TOKEN: "a.b.c" })))

it("an administrator's token is brought along, and to nobody who isn't sure to be meant", async () => {
  const brought: Array<string | undefined> = []
  const server = createHttpServer(({ headers, url }, response) => {
    brought.push(headers.authorization)
    if (url?.startsWith("/journal") !== true) response.writeHead(401)
    response.end("")
  })
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    await Effect.runPromise(askJournal(`http://127.0.0.1:${port}`, ["aa"]).pipe(withToken))
    expect(brought).toEqual(["Bearer a.b.c"])
    const refused = await Effect.runPromise(askJournal("http://192.0.2.1:5681", ["aa"]).pipe(withToken, Effect.flip))
    expect(refused.message).toContain("KUMA_API_TOKEN isn't sent to http://192.0.2.1:5681")
  } finally {
    server.close()
  }
})

it("of a proxy that is no task the store is asked itself whether it is there, and since when", async () => {
  const modificationTime = "2025-02-01T00:00:00Z"
  const asked: Array<string | undefined> = []
  const server = createHttpServer(({ url }, response) => {
    asked.push(url)
    if (url !== "/meshes/default/dataplanes/web-1/_overview") return void response.writeHead(404).end("{}")
    response.end(JSON.stringify({
      modificationTime,
      dataplaneInsight: { subscriptions: [{ connectTime: modificationTime, controlPlaneInstanceId: "two" }] }
    }))
  })
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    const live = (name: string, proxy: string | null) =>
      Effect.runPromise(askLive(`http://127.0.0.1:${port}`, name, proxy))
    const resource = "Dataplane/default/web-1"
    const there = await live("web-1", resource)
    expect(there.proxy).toEqual({ resource, isThere: true, at: modificationTime })
    expect(there.stream).toMatchObject({ openSince: modificationTime, instance: "two" })
    const gone = "Dataplane/default/web-2"
    expect((await live("web-2", gone)).proxy).toEqual({ resource: gone, isThere: false, at: null })
    expect(await live("web-3", null)).toEqual({ standing: null, stream: null, proxy: null })
    expect(asked.at(-1)).toBe("/ecs-tasks/web-3")
  } finally {
    server.close()
  }
})

it("whoever isn't an administrator is told how to become one", async () => {
  const server = createHttpServer((_, response) => response.writeHead(401).end())
  try {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    expect(await failureAt(`http://127.0.0.1:${port}`)).toContain("an administrator's user token in KUMA_API_TOKEN")
  } finally {
    server.close()
  }
})
