/** Makes sure that a mesh's own CA is there. Replicas that do so at once end with the same one. */
import { Effect } from "effect"
import type { CertificateAuthorityBackend } from "../../model/Mesh.ts"
import { Store, type StoreUnavailable } from "../../model/Store.ts"
import { whileMesh } from "../../model/whileMesh.ts"
import { CaUnavailable } from "./CertificateAuthority.ts"
import { certificateSecret, keySecret } from "./caSecrets.ts"
import { missingBuiltinSecrets, storedText } from "./missingBuiltinSecrets.ts"
import type { AuthorityPems } from "./SigningAuthority.ts"

export const ensureBuiltinSecrets = Effect.fn("ensureBuiltinSecrets")(function*(
  mesh: string,
  backend: CertificateAuthorityBackend
): Effect.fn.Return<AuthorityPems, StoreUnavailable | CaUnavailable, Store> {
  const store = yield* Store
  const [first, ...beside] = yield* missingBuiltinSecrets(mesh, backend)
  if (first !== undefined) {
    yield* store.put(first, { expect: "absent", beside, ...whileMesh(mesh) }).pipe(
      Effect.andThen(Effect.logInfo("made a certificate authority")),
      Effect.annotateLogs({ mesh, backend: backend.name }),
      // Another replica was first: its CA is the CA. Or the mesh has gone, and nothing is made.
      Effect.catchTag("Conflict", () => Effect.void)
    )
  }
  const certificatePem = yield* storedText(certificateSecret(mesh, backend.name))
  const keyPem = yield* storedText(keySecret(mesh, backend.name))
  return certificatePem === undefined || keyPem === undefined
    ? yield* new CaUnavailable({ mesh, message: "its secrets were removed while it was made: ask for it again" })
    : { certificatePem, keyPem }
})
