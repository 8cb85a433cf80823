/** The two secrets that a proxy gets over ADS: its own certificate and the CA that it trusts. */
import { SecretSchema } from "../proto/envoy/extensions/transport_sockets/tls/v3/secret_pb.js"
import type { WorkloadCertificate } from "../ca/CertificateAuthority.ts"
import { caSecretName, identitySecretName } from "./names.ts"
import { toXdsResource } from "./toXdsResource.ts"
import { TypeUrl, type XdsResource } from "./XdsResource.ts"

const inline = (pem: string) => ({ specifier: { case: "inlineBytes", value: Buffer.from(pem) } }) as const

/** Holds a private key: its message must never be printed (`renderSnapshot` leaves it out). */
export const identitySecret = (
  mesh: string,
  certificate: Pick<WorkloadCertificate, "certificatePem" | "privateKeyPem">
): XdsResource =>
  toXdsResource(TypeUrl.Secret, identitySecretName(mesh), SecretSchema, {
    name: identitySecretName(mesh),
    type: {
      case: "tlsCertificate",
      value: {
        certificateChain: inline(certificate.certificatePem),
        privateKey: inline(certificate.privateKeyPem)
      }
    }
  })

/** `pem`: every CA certificate that is to be trusted, one after the other. */
export const caSecret = (mesh: string, pem: string): XdsResource =>
  toXdsResource(TypeUrl.Secret, caSecretName(mesh), SecretSchema, {
    name: caSecretName(mesh),
    type: { case: "validationContext", value: { trustedCa: inline(pem) } }
  })
