/**
 * The control plane's own certificate where the user has none: a CA and a leaf, made at the first start and kept in
 * the work dir. The CA stays, so that proxies which trust it stay connected; the leaf is made anew when its time runs
 * out or this machine is known by other names.
 */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { mkdir, readFile } from "node:fs/promises"
import { isIP } from "node:net"
import { join } from "node:path"
import { Predicate } from "effect"
import { generateKeyPem, readSigningKey } from "../ca/keys.ts"
import { signLeaf, signRoot } from "../ca/signCertificate.ts"
import type { ControlPlaneTls } from "./ControlPlaneTls.ts"
import { keepFile } from "./keepFile.ts"

const DAY_MILLIS = 24 * 3_600_000
const CLOCK_SKEW_MILLIS = 5 * 60_000
const CA_LIFETIME_MILLIS = 10 * 365 * DAY_MILLIS
const LEAF_LIFETIME_MILLIS = 3 * 365 * DAY_MILLIS
/** A control plane serves the leaf of its start for as long as it runs: so long at least is it good then. */
const LEAF_LEAST_MILLIS = 365 * DAY_MILLIS

interface Pair {
  readonly certificatePem: string
  readonly keyPem: string
}

const readIfThere = (path: string): Promise<string | null> =>
  readFile(path, "utf8").catch((cause: unknown) => {
    if (Predicate.hasProperty(cause, "code") && cause.code === "ENOENT") return null
    throw new Error(`${path} can't be read: make it readable to the control plane's user`, { cause })
  })

/** Whether key and certificate are a pair; false also where one of them is damaged. */
const matches = ({ certificatePem, keyPem }: Pair): boolean => {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))
  } catch {
    return false
  }
}

const ensureCa = async (folder: string, now: number): Promise<Pair> => {
  const [certificateFile, keyFile] = [join(folder, "ca.crt"), join(folder, "ca.key")]
  const restore = "restore it from a copy, or delete ca.crt and ca.key to have a new CA made, which every proxy must " +
    "then be given"
  const [certificatePem, storedKey] = [await readIfThere(certificateFile), await readIfThere(keyFile)]
  if (certificatePem !== null) {
    if (storedKey === null) throw new Error(`${keyFile} is missing: ${restore}`)
    const pair = { certificatePem, keyPem: storedKey }
    if (!matches(pair)) throw new Error(`${keyFile} isn't the key of ${certificateFile}: ${restore}`)
    if (Date.parse(new X509Certificate(certificatePem).validTo) <= now) {
      throw new Error(`${certificateFile} has expired: delete ca.crt and ca.key to have a new CA made`)
    }
    return pair
  }
  // A key without a certificate is of a start that was cut off between the two.
  const keyPem = storedKey ?? await generateKeyPem()
  if (storedKey === null) await keepFile(keyFile, keyPem, 0o600)
  const made = await signRoot(keyPem, "O=ecs-mesh, CN=ecs-mesh control plane", [], {
    notBefore: now - CLOCK_SKEW_MILLIS,
    notAfter: now + CA_LIFETIME_MILLIS
  })
  await keepFile(certificateFile, made, 0o644)
  return { certificatePem: made, keyPem }
}

const isNamed = (leaf: X509Certificate, names: ReadonlyArray<string>): boolean =>
  (leaf.subjectAltName ?? "").split(", ").length === names.length &&
  names.every((name) =>
    (isIP(name) === 0 ? leaf.checkHost(name, { subject: "never" }) : leaf.checkIP(name)) !== undefined
  )

/** Whether a kept leaf may be served on. */
const serves = (leaf: Pair, ca: Pair, names: ReadonlyArray<string>, now: number): boolean => {
  if (!matches(leaf)) return false
  const certificate = new X509Certificate(leaf.certificatePem)
  const authority = new X509Certificate(ca.certificatePem)
  return certificate.verify(authority.publicKey) && isNamed(certificate, names) &&
    Date.parse(certificate.validTo) >= Math.min(now + LEAF_LEAST_MILLIS, Date.parse(authority.validTo))
}

const ensureLeaf = async (folder: string, ca: Pair, names: ReadonlyArray<string>, now: number): Promise<Pair> => {
  const [certificateFile, keyFile] = [join(folder, "cp.crt"), join(folder, "cp.key")]
  const kept = { certificatePem: await readIfThere(certificateFile) ?? "", keyPem: await readIfThere(keyFile) ?? "" }
  if (serves(kept, ca, names, now)) return kept
  const keyPem = await generateKeyPem()
  const certificatePem = await signLeaf(
    { certificate: ca.certificatePem, signingKey: await readSigningKey(ca.keyPem) },
    keyPem,
    names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
    ["server"],
    {
      notBefore: now - CLOCK_SKEW_MILLIS,
      notAfter: Math.min(now + LEAF_LIFETIME_MILLIS, Date.parse(new X509Certificate(ca.certificatePem).validTo))
    }
  )
  await keepFile(keyFile, keyPem, 0o600)
  await keepFile(certificateFile, certificatePem, 0o644)
  return { certificatePem, keyPem }
}

/** `<workDir>/tls/ca.crt`, `ca.key`, `cp.crt`, `cp.key`. Throws where they can't be read, made or kept. */
export const generatedTls = async (
  workDir: string,
  names: ReadonlyArray<string>,
  now: number
): Promise<ControlPlaneTls["Service"]> => {
  const folder = join(workDir, "tls")
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new Error(`${folder} can't be made: set KUMA_GENERAL_WORK_DIR to a folder that can be written`, { cause })
  })
  const ca = await ensureCa(folder, now)
  const leaf = await ensureLeaf(folder, ca, names, now)
  return { certificatePem: leaf.certificatePem, privateKeyPem: leaf.keyPem, caPem: ca.certificatePem }
}
