// Who answers isn't an Envoy here, but somebody in its place.
import { Effect } from "effect"
import { createServer, type RequestListener } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo, Server } from "node:net"
import { beforeAll, describe, expect, it } from "vitest"
import { makeAdminKeys, makeClient } from "../../../src/cp/admin/adminCa.ts"
import type { AdminKeys, KeyPair } from "../../../src/cp/admin/AdminKeys.ts"
import { adminHost } from "../../../src/cp/admin/adminNames.ts"
import { type EnvoyQuestion, makeEnvoyAdmin, type NotAsked } from "../../../src/cp/admin/EnvoyAdmin.ts"
import { generateKeyPem, readSigningKey } from "../../../src/cp/ca/keys.ts"
import { signLeaf } from "../../../src/cp/ca/signCertificate.ts"
import { freePort } from "../../support/freePort.ts"
import { useCleanups } from "../../support/useCleanups.ts"

const cleanups = useCleanups()
/** Others may have the processor. */
const PATIENT = { timeout: 10_000 }

const proxy = { proxyType: "dataplane", mesh: "default", name: "web-1" } as const
let keys: AdminKeys
let others: AdminKeys

beforeAll(async () => {
  keys = await makeAdminKeys(Date.now())
  others = await makeAdminKeys(Date.now())
})

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address() as AddressInfo
  cleanups.push(() => new Promise((resolve) => {
    server.close(resolve)
    if ("closeAllConnections" in server) (server as ReturnType<typeof createServer>).closeAllConnections()
  }))
  return address.port
}

const serve = (own: AdminKeys, answer: RequestListener): Promise<number> =>
  listen(createTlsServer({
    cert: own.server.certificatePem, key: own.server.keyPem, ca: keys.ca.certificatePem, requestCert: true,
    rejectUnauthorized: true
  }, answer))

const serverOf = async (ca: KeyPair, name: string): Promise<KeyPair> => {
  const keyPem = await generateKeyPem()
  const issuer = { certificate: ca.certificatePem, signingKey: await readSigningKey(ca.keyPem) }
  const validity = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 }
  return { keyPem, certificatePem: await signLeaf(issuer, keyPem, [{ type: "dns", value: name }], ["server"], validity) }
}

const ask = (port: number, more: Partial<EnvoyQuestion> = {}, own: AdminKeys | null = keys) =>
  Effect.runPromise(
    makeEnvoyAdmin(own).ask({ proxy, address: "127.0.0.1", port, path: "/stats", ...more }).pipe(
      Effect.map((body) => ({ body: body.toString() })),
      Effect.catchTag("NotAsked", ({ message, reason }: NotAsked) => Effect.succeed({ reason, message }))
    )
  )

describe("an Envoy that is asked", () => {
  it("is told which of all is meant, and by whom", async () => {
    const port = await serve(keys, (incoming, outgoing) => {
      const { socket } = incoming
      const [server, peer] = "getPeerCertificate" in socket && typeof socket.getPeerCertificate === "function"
        ? ["servername" in socket ? socket.servername : null, socket.getPeerCertificate()]
        : [null, null]
      outgoing.end(JSON.stringify([incoming.method, incoming.url, server, peer?.subjectaltname]))
    })
    const { body } = await ask(port) as { readonly body: string }
    expect(JSON.parse(body)).toEqual(["GET", "/stats", adminHost(proxy), "DNS:kuma-cp"])
    expect(adminHost(proxy)).not.toBe(adminHost({ ...proxy, proxyType: "ingress" }))
  })

  it.each([
    ["another CA's certificate", () => others],
    ["a control plane's own", async () => ({ ...keys, server: await makeClient(keys, Date.now()) })],
    ["another server's", async () => ({ ...keys, server: await serverOf(keys.ca, "somebody") })]
  ] as const)(
    "isn't believed with %s",
    async (_, own) => {
      const answered: Array<unknown> = []
      const port = await serve(await own(), (incoming, outgoing) => {
        answered.push(incoming.url)
        outgoing.end("secret of somebody else")
      })
      expect(await ask(port)).toMatchObject({ reason: "AnswerRefused" })
      expect(answered).toEqual([])
    }
  )

  it("isn't believed without TLS", async () => {
    const answered: Array<unknown> = []
    const port = await listen(createServer((incoming, outgoing) => {
      answered.push(incoming.url)
      outgoing.end("metadata")
    }))
    expect(await ask(port)).toMatchObject({ reason: "AnswerRefused", message: expect.stringContaining(`:${port}`) })
    expect(answered).toEqual([])
  })

  it("says what to open where it can't be reached", async () => {
    const port = await freePort()
    expect(await ask(port)).toEqual({
      reason: "Unreachable",
      message: `127.0.0.1:${port} can't be reached (ECONNREFUSED). The control plane asks a proxy at its own address: ` +
        `the security group of its task has to let the control plane in on TCP port ${port}`
    })
  })

  it("is asked nowhere else", async () => {
    const port = await serve(keys, (_, outgoing) =>
      outgoing.writeHead(302, { location: "https://169.254.169.254/latest" }).end())
    expect(await ask(port)).toMatchObject({ reason: "AnswerRefused", message: expect.stringContaining("status 302") })
    for (const address of ["localhost", "169.254.169.254", "metadata.internal", ""]) {
      expect(await ask(port, { address })).toMatchObject({ reason: "AddressRefused" })
    }
  })

  it("says no more than fits", async () => {
    const piece = Buffer.alloc(1024 * 1024)
    let sent = 0
    const port = await serve(keys, (_, outgoing) => {
      const more = (): void => {
        sent += 1
        if (!outgoing.destroyed && sent < 100) outgoing.write(piece, more)
      }
      more()
    })
    expect(await ask(port)).toMatchObject({ reason: "AnswerRefused", message: expect.stringContaining("16777216 bytes") })
    expect(sent).toBeLessThan(100)
  })

  it("is one of few at a time", async () => {
    const held: Array<() => void> = []
    const port = await serve(keys, (_, outgoing) => void held.push(() => void outgoing.end("late")))
    const admin = makeEnvoyAdmin(keys)
    const one = () =>
      Effect.runPromise(admin.ask({ proxy, address: "127.0.0.1", port, path: "/stats" }).pipe(
        Effect.map(String), Effect.catchTag("NotAsked", ({ reason }) => Effect.succeed(reason))
      ))
    const first = [one(), one(), one(), one()]
    expect(await one()).toBe("TooMany")
    await expect.poll(() => held.length, PATIENT).toBe(4)
    for (const end of held) end()
    expect(await Promise.all(first)).toEqual(["late", "late", "late", "late"])
    const next = one()
    await expect.poll(() => held.length, PATIENT).toBe(5)
    held[4]?.()
    expect(await next).toBe("late")
  })

  it("isn't asked without keys", async () => {
    expect(await ask(1, {}, null)).toMatchObject({ reason: "NoKeys" })
  })
})
