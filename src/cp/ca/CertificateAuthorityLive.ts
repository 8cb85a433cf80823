/**
 * The `CertificateAuthority` over the mesh's own configuration: it receives a mesh's name, finds its backends in the
 * ResourceCache, and hands out trust and workload certificates. Certificates and their keys are kept in memory only
 * and belong to this replica; only a builtin CA is written, once, to the Store.
 */
import { Clock, Effect, FiberSet, Layer, Semaphore } from "effect"
import { type CertificateAuthorityBackend, enabledBackend } from "../../model/Mesh.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { workloadLifetime } from "./backendConfig.ts"
import { makeBuiltinAuthority } from "./BuiltinAuthority.ts"
import { CaUnavailable, CertificateAuthority, type CertificateRequest, NoIdentity } from "./CertificateAuthority.ts"
import { issueWorkload } from "./issueWorkload.ts"
import { KeptCertificates, type Place } from "./KeptCertificates.ts"
import { isUri } from "./leafTemplate.ts"
import { makeProvidedAuthority } from "./ProvidedAuthority.ts"
import { type AuthorityPems, certificatesOf, type SigningAuthority, signingAuthority } from "./SigningAuthority.ts"
import { workloadNames } from "./workloadNames.ts"

const unavailable = (mesh: string, backend?: string) => (cause: unknown): CaUnavailable =>
  new CaUnavailable({
    mesh,
    message: (backend === undefined ? "" : `mTLS backend ${backend}: `) +
      (cause instanceof Error ? cause.message : String(cause))
  })

const make = Effect.gen(function*() {
  const cache = yield* ResourceCache
  const clock = yield* Clock.Clock
  const builtin = yield* makeBuiltinAuthority
  const provided = yield* makeProvidedAuthority
  const loading = yield* Semaphore.make(1)
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  const authorities = new Map<string, { readonly pems: AuthorityPems; readonly authority: SigningAuthority }>()
  const kept = new KeptCertificates()
  let dropping = false

  const mtlsOf = Effect.fnUntraced(function*(mesh: string) {
    const spec = cache.get({ type: "Mesh", mesh: "", name: mesh })?.spec
    if (spec === undefined) return yield* new CaUnavailable({ mesh, message: `there is no mesh ${mesh}` })
    const enabled = enabledBackend(spec)
    if (enabled === undefined) {
      return yield* new CaUnavailable({
        mesh,
        message: "mTLS is off: set mtls.enabledBackend to the name of one of mtls.backends"
      })
    }
    return { enabled, others: (spec.mtls?.backends ?? []).filter((backend) => backend.name !== enabled.name) }
  })

  const pemsOf = (mesh: string, backend: CertificateAuthorityBackend): Effect.Effect<AuthorityPems, CaUnavailable> => {
    const failed = unavailable(mesh, backend.name)
    const known = () => builtin.known(mesh, backend.name)
    switch (backend.type) {
      // One at a time, so that this replica makes a CA once for all who ask at the same moment.
      case "builtin":
        return Effect.suspend(() => {
          const now = known()
          if (now !== undefined) return Effect.succeed(now)
          const made = Effect.suspend(() => {
            const meanwhile = known()
            return meanwhile === undefined ? builtin.make(mesh, backend) : Effect.succeed(meanwhile)
          })
          return Effect.mapError(loading.withPermit(made), failed)
        })
      case "provided":
        return Effect.mapError(provided(mesh, backend), failed)
      default:
        return Effect.fail(failed(`type ${backend.type} isn't supported: use builtin or provided`))
    }
  }

  const authorityOf = Effect.fnUntraced(function*(mesh: string, backend: string, pems: AuthorityPems) {
    const id = `${mesh}/${backend}`
    const known = (): SigningAuthority | undefined => {
      const found = authorities.get(id)
      return found?.pems.certificatePem === pems.certificatePem && found.pems.keyPem === pems.keyPem
        ? found.authority
        : undefined
    }
    return known() ?? (yield* loading.withPermit(Effect.gen(function*() {
      const meanwhile = known()
      if (meanwhile !== undefined) return meanwhile
      const authority = yield* Effect.tryPromise({
        try: () => signingAuthority(pems),
        catch: unavailable(mesh, backend)
      })
      authorities.set(id, { pems, authority })
      return authority
    })))
  })

  const open = Effect.fnUntraced(function*(mesh: string) {
    const { enabled, others } = yield* mtlsOf(mesh)
    const backend = enabled.name
    const pems = yield* pemsOf(mesh, enabled)
    const authority = yield* authorityOf(mesh, backend, pems)
    const lifetimeMillis = yield* Effect.try({
      try: () => workloadLifetime(enabled),
      catch: unavailable(mesh, backend)
    })
    // Workloads that still hold a certificate of another listed backend stay trusted, so that backends can be
    // switched under traffic. One that can't be had is left out: only the enabled one has to work.
    const more = yield* Effect.forEach(others, (other) =>
      Effect.matchEffect(pemsOf(mesh, other), {
        onSuccess: (found) => Effect.succeed([found.certificatePem]),
        onFailure: (error) =>
          Effect.as(Effect.logDebug("a backend is left out of the trust bundle", error.message), [])
      }))
    const trustBundle = [pems.certificatePem, ...more.flat()].flatMap(certificatesOf).map((pem) => `${pem}\n`).join("")

    const valid = (place: Place, terms: string, now: number) =>
      place.issued?.authority === authority && place.issued.terms === terms && now < place.issued.certificate.renewAt
        ? place.issued.certificate
        : undefined
    const orderOf = ({ proxy, tags }: CertificateRequest) => {
      const names = workloadNames(mesh, tags)
      return { names, terms: JSON.stringify([backend, lifetimeMillis, names]), place: kept.place(mesh, proxy) }
    }

    const issue = Effect.fnUntraced(function*(request: CertificateRequest) {
      const { proxy } = request
      const { names, place, terms } = orderOf(request)
      if (!names.some((name) => name.startsWith("spiffe:"))) {
        return yield* new NoIdentity({
          mesh,
          message: `${proxy} has no kuma.io/service tag: without one it has no mTLS identity`
        })
      }
      const unsayable = names.find((name) => !isUri(name))
      if (unsayable !== undefined) {
        return yield* new NoIdentity({
          mesh,
          message: `${proxy} has a tag that no certificate can say, ${JSON.stringify(unsayable)}: use ASCII characters`
        })
      }
      return yield* place.lock.withPermit(Effect.gen(function*() {
        const now = yield* Clock.currentTimeMillis
        const meanwhile = valid(place, terms, now)
        if (meanwhile !== undefined) return meanwhile
        if (authority.expiresAt <= now) {
          const expired = new Date(authority.expiresAt).toISOString()
          return yield* unavailable(mesh, backend)(
            `the CA expired at ${expired}: give the mesh another backend and enable it`
          )
        }
        const certificate = yield* Effect.tryPromise({
          try: () => issueWorkload(authority, { proxy, names, lifetimeMillis, backend, now }),
          catch: unavailable(mesh, backend)
        })
        place.issued = { certificate, authority, terms }
        return certificate
      }))
    })

    return {
      trustBundle,
      current: (request: CertificateRequest) => {
        const { place, terms } = orderOf(request)
        return valid(place, terms, clock.currentTimeMillisUnsafe())
      },
      certificate: issue
    }
  })

  /** For as long as there are some that left. */
  const dropOld = Effect.gen(function*() {
    for (;;) {
      const now = clock.currentTimeMillisUnsafe()
      const next = kept.dropOld(now)
      if (next === null) break
      yield* Effect.sleep(next - now)
    }
    dropping = false
  })

  return CertificateAuthority.of({
    open,
    left: (mesh, proxy) => {
      kept.leave(mesh, proxy, clock.currentTimeMillisUnsafe())
      if (dropping) return
      dropping = true
      run(dropOld)
    }
  })
})

export const CertificateAuthorityLive = Layer.effect(CertificateAuthority, make)
