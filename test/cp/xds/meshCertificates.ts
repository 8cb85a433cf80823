/** A mesh's CA and certificates of its workloads, named as Kuma names them, for Envoys that no control plane serves. */
import "../../../src/cp/ca/reflectMetadata.ts"
import { webcrypto } from "node:crypto"
import * as x509 from "@peculiar/x509"
import type { CertificateFiles } from "./fileXds.ts"

x509.cryptoProvider.set(webcrypto)

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }

const generateKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])

const validity = () => ({ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) })

export const meshCertificates = async (mesh: string) => {
  const caKeys = await generateKeys()
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${mesh}`,
    keys: caKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    ...validity()
  })
  /** `uris`: `spiffe://<mesh>/<service>`, `kuma://<tag>/<value>`. */
  return async (uris: ReadonlyArray<string>, hostnames: ReadonlyArray<string> = []): Promise<CertificateFiles> => {
    const keys = await generateKeys()
    const leaf = await x509.X509CertificateGenerator.create({
      subject: "",
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          ...uris.map((value) => ({ type: "url" as const, value })),
          ...hostnames.map((value) => ({ type: "dns" as const, value }))
        ], true)
      ],
      ...validity()
    })
    const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64")
    return {
      certificatePem: leaf.toString("pem"),
      privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${key.replaceAll(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----\n`,
      caPem: ca.toString("pem")
    }
  }
}
