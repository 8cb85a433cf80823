/** The Secrets that a mesh's authorities live on, by Kuma's names. Who has the key of one may call himself anybody. */
import { certificateSecretName, keySecretName } from "./ownSecret.ts"
import type { CertificateAuthorityBackend, Mesh } from "./Mesh.ts"

const SOURCES = ["cert", "key"] as const

const secretOf = (source: unknown): string | undefined =>
  typeof source === "object" && source !== null && "secret" in source && typeof source.secret === "string"
    ? source.secret
    : undefined

/** What a backend itself names, each by the place that names it. */
export const namedSecrets = ({ conf, type }: CertificateAuthorityBackend): ReadonlyMap<string, string> =>
  new Map(type === "builtin" ? [] : SOURCES.flatMap((source) => {
    const secret = secretOf(conf?.[source])
    return secret === undefined ? [] : [[`conf.${source}.secret`, secret] as const]
  }))

export const backendSecrets = (mesh: string, backend: CertificateAuthorityBackend): ReadonlyArray<string> =>
  backend.type === "builtin"
    ? [certificateSecretName(mesh, backend.name), keySecretName(mesh, backend.name)]
    : [...namedSecrets(backend).values()]

/** Of all backends of a mesh of this name. */
export const authoritySecrets = (name: string, mesh: Mesh | undefined): ReadonlySet<string> =>
  new Set((mesh?.mtls?.backends ?? []).flatMap((backend) => backendSecrets(name, backend)))
