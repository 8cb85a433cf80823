/** The CA that a mesh's owner brings: certificate and key from secrets, files, or the mesh's own text. */
import { Effect } from "effect"
import type { DataSource } from "../../model/DataSource.ts"
import type { CertificateAuthorityBackend } from "../../model/Mesh.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { providedConf } from "./backendConfig.ts"
import { decodeSecret } from "./caSecrets.ts"
import { CaFolder, readCaFile } from "./readCaFile.ts"
import type { AuthorityPems } from "./SigningAuthority.ts"

export const makeProvidedAuthority = Effect.gen(function*() {
  const cache = yield* ResourceCache
  const folder = yield* CaFolder

  const load = async (mesh: string, field: string, source: DataSource): Promise<string> => {
    if (source.inlineString !== undefined) return source.inlineString
    if (source.inline !== undefined) return Buffer.from(source.inline, "base64").toString("utf8")
    if (source.secret !== undefined) {
      const secret = cache.get({ type: "Secret", mesh, name: source.secret })
      if (secret === undefined) throw new Error(`${field}: there is no secret ${source.secret} in mesh ${mesh}: put it`)
      return decodeSecret(secret.spec)
    }
    if (source.file !== undefined) {
      return readCaFile(folder, source.file).catch((cause: unknown) => {
        throw new Error(`${field}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      })
    }
    throw new Error(`${field}: name one of secret, inline, inlineString and file`)
  }

  return (mesh: string, backend: CertificateAuthorityBackend): Effect.Effect<AuthorityPems, unknown> =>
    Effect.tryPromise({
      try: async () => {
        const { cert, key } = providedConf(backend)
        return {
          certificatePem: await load(mesh, "conf.cert", cert),
          keyPem: await load(mesh, "conf.key", key)
        }
      },
      catch: (cause) => cause
    })
})
