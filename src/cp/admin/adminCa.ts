/** Makes, writes and reads the keys of `AdminKeys`, and what the control plane shows for one question. */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { ADMIN_CLIENT, ADMIN_SERVER } from "./adminNames.ts"
import { generateKeyPem, readSigningKey } from "../ca/keys.ts"
import { keyUsages, signLeaf, signRoot } from "../ca/signCertificate.ts"
import type { AdminKeys, KeyPair } from "./AdminKeys.ts"

const CLOCK_SKEW_MILLIS = 5 * 60_000
const CA_LIFETIME_MILLIS = 10 * 365 * 24 * 3_600_000
/** A question takes seconds; clocks differ by minutes. */
const CLIENT_LIFETIME_MILLIS = 3_600_000

const endOf = ({ certificatePem }: KeyPair): number => Date.parse(new X509Certificate(certificatePem).validTo)

const sign = async (
  ca: KeyPair,
  name: string,
  usage: "server" | "client",
  validity: { readonly notBefore: number; readonly notAfter: number }
): Promise<KeyPair> => {
  const keyPem = await generateKeyPem()
  const issuer = { certificate: ca.certificatePem, signingKey: await readSigningKey(ca.keyPem) }
  return { keyPem, certificatePem: await signLeaf(issuer, keyPem, [{ type: "dns", value: name }], [usage], validity) }
}

/** For as long as the CA is good: whoever changes it changes every proxy's listener. */
const makeServer = (ca: KeyPair, now: number): Promise<KeyPair> =>
  sign(ca, ADMIN_SERVER, "server", { notBefore: now - CLOCK_SKEW_MILLIS, notAfter: endOf(ca) })

export const makeAdminKeys = async (now: number): Promise<AdminKeys> => {
  const keyPem = await generateKeyPem()
  const certificatePem = await signRoot(keyPem, "O=ecs-mesh, OU=Mesh, CN=Envoy Admin CA", [], {
    notBefore: now - CLOCK_SKEW_MILLIS,
    notAfter: now + CA_LIFETIME_MILLIS
  })
  const ca = { certificatePem, keyPem }
  return { ca, server: await makeServer(ca, now) }
}

/** What the control plane shows: of its own making each time, so that no key of it lies anywhere. */
export const makeClient = ({ ca }: AdminKeys, now: number): Promise<KeyPair> =>
  sign(ca, ADMIN_CLIENT, "client", {
    notBefore: now - CLOCK_SKEW_MILLIS,
    notAfter: Math.min(now + CLIENT_LIFETIME_MILLIS, endOf(ca))
  })

/** As it is kept: the CA in the way that Kuma has it, certificate and key, then the Envoys' certificate and key. */
export const writeAdminKeys = ({ ca, server }: AdminKeys): string =>
  [ca.certificatePem, ca.keyPem, server.certificatePem, server.keyPem].map((pem) => `${pem.trimEnd()}\n`).join("")

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]*-----END \1-----/g

/** Certificate and key in turn. Undefined where the text is another. */
const readPairs = (text: string): ReadonlyArray<KeyPair> | undefined => {
  const blocks = [...text.matchAll(BLOCK)].map(([block, label = ""]) => ({ pem: `${block}\n`, label }))
  const pairs: Array<KeyPair> = []
  for (let at = 0; at < blocks.length; at += 2) {
    const [certificate, key] = [blocks[at], blocks[at + 1]]
    if (certificate?.label !== "CERTIFICATE" || key?.label.endsWith("PRIVATE KEY") !== true) return undefined
    pairs.push({ certificatePem: certificate.pem, keyPem: key.pem })
  }
  return pairs
}

const problemOf = (ca: KeyPair, now: number): string | null => {
  const certificate = new X509Certificate(ca.certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(ca.keyPem))) return "its key isn't that of its certificate"
  if (!certificate.ca || !keyUsages(ca.certificatePem).keyCertSign) return "its certificate may sign no other"
  return Date.parse(certificate.validTo) <= now ? "its certificate has expired" : null
}

/** Whether Envoys may go on showing it. */
const isServerOf = (ca: KeyPair, server: KeyPair, now: number): boolean => {
  try {
    const [certificate, authority] = [new X509Certificate(server.certificatePem), new X509Certificate(ca.certificatePem)]
    return certificate.checkPrivateKey(createPrivateKey(server.keyPem)) &&
      certificate.checkIssued(authority) && certificate.verify(authority.publicKey) &&
      certificate.checkHost(ADMIN_SERVER, { subject: "never" }) !== undefined && Date.parse(certificate.validTo) > now
  } catch {
    return false
  }
}

export type ReadKeys =
  | { readonly _tag: "Kept"; readonly keys: AdminKeys }
  /** A CA without a certificate for Envoys, as Kuma keeps it: this is with one. */
  | { readonly _tag: "Completed"; readonly keys: AdminKeys }
  | { readonly _tag: "Unusable"; readonly why: string }

export const readAdminKeys = async (text: string, now: number): Promise<ReadKeys> => {
  const [ca, server] = readPairs(text) ?? []
  if (ca === undefined) return { _tag: "Unusable", why: "it holds no certificate with its key, both in PEM" }
  try {
    const why = problemOf(ca, now)
    if (why !== null) return { _tag: "Unusable", why }
    return server !== undefined && isServerOf(ca, server, now)
      ? { _tag: "Kept", keys: { ca, server } }
      : { _tag: "Completed", keys: { ca, server: await makeServer(ca, now) } }
  } catch (cause) {
    return { _tag: "Unusable", why: cause instanceof Error ? cause.message : String(cause) }
  }
}
