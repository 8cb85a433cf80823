/** The Secrets that a mesh's authorities live on, by Kuma's names. Who has the key of one may call himself anybody. */
import { certificateSecretName, keySecretName } from "./ownSecret.ts"
import type { CertificateAuthorityBackend, Mesh } from "./Mesh.ts"

const sourceName = (source: unknown): ReadonlyArray<string> =>
  typeof source === "object" && source !== null && "secret" in source && typeof source.secret === "string"
    ? [source.secret]
    : []

export const backendSecrets = (mesh: string, backend: CertificateAuthorityBackend): ReadonlyArray<string> =>
  backend.type === "builtin"
    ? [certificateSecretName(mesh, backend.name), keySecretName(mesh, backend.name)]
    : [...sourceName(backend.conf?.["cert"]), ...sourceName(backend.conf?.["key"])]

/** Of all backends of a mesh of this name. */
export const authoritySecrets = (name: string, mesh: Mesh | undefined): ReadonlySet<string> =>
  new Set((mesh?.mtls?.backends ?? []).flatMap((backend) => backendSecrets(name, backend)))
