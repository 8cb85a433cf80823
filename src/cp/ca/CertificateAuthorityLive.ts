/**
 * The `CertificateAuthority` over the mesh's own configuration: it receives a mesh's name, finds its backends in the
 * ResourceCache, and hands out trust and workload certificates. Certificates and their keys are kept in memory only
 * and belong to this replica; only a builtin CA is written, once, to the Store.
 */
import { Clock, Effect, Layer, Semaphore } from "effect"
import { type CertificateAuthorityBackend, enabledBackend } from "../../model/Mesh.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { workloadLifetime } from "./backendConfig.ts"
import { makeBuiltinAuthority } from "./BuiltinAuthority.ts"
import {
  CaUnavailable,
  CertificateAuthority,
  type CertificateRequest,
  type WorkloadCertificate
} from "./CertificateAuthority.ts"
import { issueWorkload } from "./issueWorkload.ts"
import { makeProvidedAuthority } from "./ProvidedAuthority.ts"
import { type AuthorityPems, type SigningAuthority, signingAuthority } from "./SigningAuthority.ts"
import { workloadNames } from "./workloadNames.ts"

interface Issued {
  readonly certificate: WorkloadCertificate
  /** The very object that signed: a changed CA is another. */
  readonly authority: SigningAuthority
  /** Names, lifetime and backend that it was issued for. */
  readonly terms: string
}

/** A proxy's place: whoever finds nothing valid in it issues under the lock, one at a time. */
interface Slot {
  readonly lock: Semaphore.Semaphore
  issued: Issued | undefined
}

const unavailable = (mesh: string, backend?: string) => (cause: unknown): CaUnavailable =>
  new CaUnavailable({
    mesh,
    message: (backend === undefined ? "" : `mTLS backend ${backend}: `) +
      (cause instanceof Error ? cause.message : String(cause))
  })

const make = Effect.gen(function*() {
  const cache = yield* ResourceCache
  const builtin = yield* makeBuiltinAuthority
  const provided = yield* makeProvidedAuthority
  const loading = yield* Semaphore.make(1)
  const authorities = new Map<string, { readonly pems: AuthorityPems; readonly authority: SigningAuthority }>()
  const slots = new Map<string, Slot>()

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
    switch (backend.type) {
      // One at a time, so that this replica makes a CA once for all who ask at the same moment.
      case "builtin":
        return Effect.mapError(loading.withPermit(builtin(mesh, backend)), failed)
      case "provided":
        return Effect.mapError(provided(mesh, backend), failed)
      default:
        return Effect.fail(failed(`type ${backend.type} isn't supported: use builtin or provided`))
    }
  }

  const authorityOf = Effect.fnUntraced(function*(mesh: string, backend: CertificateAuthorityBackend) {
    const pems = yield* pemsOf(mesh, backend)
    const id = `${mesh}/${backend.name}`
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
        catch: unavailable(mesh, backend.name)
      })
      authorities.set(id, { pems, authority })
      return authority
    })))
  })

  const trustBundle = Effect.fn("CertificateAuthority.trustBundle")(function*(mesh: string) {
    const { enabled, others } = yield* mtlsOf(mesh)
    const first = yield* pemsOf(mesh, enabled)
    // Workloads that still hold a certificate of another listed backend stay trusted, so that backends can be
    // switched under traffic. One that can't be had is left out: only the enabled one has to work.
    const more = yield* Effect.forEach(others, (backend) =>
      Effect.matchEffect(pemsOf(mesh, backend), {
        onSuccess: (pems) => Effect.succeed([pems.certificatePem]),
        onFailure: (error) =>
          Effect.as(Effect.logDebug("a backend is left out of the trust bundle", error.message), [])
      }))
    return [first.certificatePem, ...more.flat()].map((pem) => pem.trimEnd() + "\n").join("")
  })

  const slotOf = (mesh: string, proxy: string): Slot => {
    const id = `${mesh}/${proxy}`
    const slot = slots.get(id) ?? { lock: Semaphore.makeUnsafe(1), issued: undefined }
    slots.set(id, slot)
    return slot
  }

  const certificate = Effect.fn("CertificateAuthority.certificate")(function*(request: CertificateRequest) {
    const { mesh, proxy } = request
    const { enabled } = yield* mtlsOf(mesh)
    const authority = yield* authorityOf(mesh, enabled)
    const lifetimeMillis = yield* Effect.try({
      try: () => workloadLifetime(enabled),
      catch: unavailable(mesh, enabled.name)
    })
    const names = workloadNames(mesh, request.tags)
    if (!names.some((name) => name.startsWith("spiffe:"))) {
      return yield* new CaUnavailable({
        mesh,
        message: `${proxy} has no kuma.io/service tag: without one it has no mTLS identity`
      })
    }
    const terms = JSON.stringify([enabled.name, lifetimeMillis, names])
    const slot = slotOf(mesh, proxy)
    const valid = (now: number): WorkloadCertificate | undefined =>
      slot.issued?.authority === authority && slot.issued.terms === terms && now < slot.issued.certificate.renewAt
        ? slot.issued.certificate
        : undefined

    return valid(yield* Clock.currentTimeMillis) ?? (yield* slot.lock.withPermit(Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const meanwhile = valid(now)
      if (meanwhile !== undefined) return meanwhile
      if (authority.expiresAt <= now) {
        const expired = new Date(authority.expiresAt).toISOString()
        return yield* unavailable(mesh, enabled.name)(
          `the CA expired at ${expired}: give the mesh another backend and enable it`
        )
      }
      const issued = yield* Effect.tryPromise({
        try: () => issueWorkload(authority, { names, lifetimeMillis, backend: enabled.name, now }),
        catch: unavailable(mesh, enabled.name)
      })
      slot.issued = { certificate: issued, authority, terms }
      return issued
    })))
  })

  return CertificateAuthority.of({
    trustBundle,
    certificate,
    forget: (mesh, proxy) => {
      slots.delete(`${mesh}/${proxy}`)
    }
  })
})

export const CertificateAuthorityLive = Layer.effect(CertificateAuthority, make)
