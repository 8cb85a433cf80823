// Client certificates over HTTPS: whom they make an administrator, and whom they keep out.
import "../../../src/cp/ca/reflectMetadata.ts"
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509"
import { webcrypto } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { get as httpsGet } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { ApiServerConfig } from "../../../src/cp/config/ApiServerConfig.ts"
import { useTestDatabases } from "../store/testDatabases.ts"
import { selfSigned } from "./selfSigned.ts"
import { startApi as start, type TestApi } from "./testApi.ts"

const databases = useTestDatabases()
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

interface Pair {
  readonly cert: string
  readonly key: string
}

const pem = async (key: webcrypto.CryptoKey): Promise<string> => {
  const text = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key)).toString("base64")
  return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`
}

const makeCa = async (caName: string) => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${caName}`, keys, signingAlgorithm: algorithm, extensions: [new BasicConstraintsExtension(true)]
  })
  const issue = async (name: string, notAfter = new Date(Date.now() + 3_600_000)): Promise<Pair> => {
    const own = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`, issuer: ca.subject, publicKey: own.publicKey, signingKey: keys.privateKey,
      signingAlgorithm: algorithm, notBefore: new Date(Date.now() - 7_200_000), notAfter
    })
    return { cert: certificate.toString("pem"), key: await pem(own.privateKey) }
  }
  return { certificate: ca.toString("pem"), issue }
}

let folder: string
let tls: { readonly certificatePem: string; readonly privateKeyPem: string }
let known: Pair
let listed: Pair
let stranger: Pair
let expired: Pair
let caFile: string
const running: Array<TestApi> = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ecs-mesh-clients-"))
  tls = await selfSigned()
  const ca = await makeCa("clients")
  const other = await makeCa("others")
  known = await ca.issue("known")
  expired = await ca.issue("expired", new Date(Date.now() - 3_600_000))
  stranger = await other.issue("stranger")
  listed = await other.issue("listed")
  caFile = join(folder, "ca.pem")
  await writeFile(caFile, ca.certificate)
  // A client's own certificate, whose issuer isn't trusted, vouches for itself alone.
  await writeFile(join(folder, "listed.crt"), listed.cert)
  await writeFile(join(folder, "notes.txt"), "no certificate")
}, 60_000)
afterAll(async () => {
  for (const api of running) await api.stop()
  await rm(folder, { recursive: true, force: true })
})

const serve = async (
  clientCertificates: Partial<ApiServerConfig["clientCertificates"]>,
  type: "tokens" | "adminClientCerts"
): Promise<TestApi> => {
  const api = await start(await databases.create(), {
    tls,
    localhostIsAdmin: false,
    config: {
      clientCertificates: { dir: null, caFile: null, required: false, ...clientCertificates },
      authn: { type, localhostIsAdmin: false, bootstrapAdminToken: false, issuesTokens: true }
    }
  })
  running.push(api)
  return api
}

/** The status, or the word that nobody answered. */
const ask = (api: TestApi, path: string, client?: Pair): Promise<number | string | undefined> =>
  new Promise((resolve) => {
    const options = { host: "localhost", port: api.httpsPort, path, ca: tls.certificatePem, agent: false, ...client }
    httpsGet(options, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on("error", () => resolve("closed"))
  })

describe("with adminClientCerts", () => {
  it("a certificate of the folder, or of who signs them, makes an administrator; no other gets in", async () => {
    const api = await serve({ dir: folder }, "adminClientCerts")
    for (const client of [known, listed]) expect(await ask(api, "/secrets", client)).toBe(200)
    for (const client of [stranger, expired]) expect(await ask(api, "/", client)).toBe("closed")
    expect([await ask(api, "/"), await ask(api, "/secrets")]).toEqual([200, 401])
  })

  it("one that is required is asked of everybody", async () => {
    const api = await serve({ caFile, required: true }, "adminClientCerts")
    expect(await ask(api, "/secrets", known)).toBe(200)
    expect(await ask(api, "/")).toBe("closed")
    expect(await ask(api, "/", listed)).toBe("closed")
  })
})

describe("with tokens", () => {
  it("a certificate that is required opens the connection, and makes nobody an administrator", async () => {
    const api = await serve({ caFile, required: true }, "tokens")
    expect([await ask(api, "/", known), await ask(api, "/secrets", known)]).toEqual([200, 401])
    expect([await ask(api, "/"), await ask(api, "/", stranger)]).toEqual(["closed", "closed"])
  })
})

describe("at start", () => {
  it("a file without a certificate is refused by name", async () => {
    const wrong = join(folder, "wrong")
    await writeFile(wrong, "nothing")
    await expect(serve({ caFile: wrong }, "adminClientCerts")).rejects.toThrow(wrong)
    await expect(serve({ dir: join(folder, "absent") }, "adminClientCerts")).rejects.toThrow("absent")
  })
})
