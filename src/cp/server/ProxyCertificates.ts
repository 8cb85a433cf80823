/**
 * The certificates of connected proxies. Receives who is connected and of which meshes it needs secrets; gets them
 * from the authority, says when there are others, and renews them in time. Translates and sends nothing.
 */
import { Duration, Effect, type Fiber, FiberSet, Queue } from "effect"
import type { ProxyId } from "../../model/ProxyType.ts"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey, isType } from "../../model/Resource.ts"
import { tagSets } from "../../model/tagSets.ts"
import { CertificateAuthority, type WorkloadCertificate } from "../ca/CertificateAuthority.ts"
import { certificatesIssued, count } from "../diagnostics/metrics.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { caSecret, identitySecret } from "../xds/secret.ts"
import type { XdsResource } from "../xds/XdsResource.ts"

/** A mesh's two secrets for one proxy. */
export type MeshSecrets = readonly [identity: XdsResource, trust: XdsResource]

/** What one connected proxy holds. */
export interface HeldCertificates {
  /** By mesh: those that it has by now of the meshes that it needs them of. */
  readonly secrets: ReadonlyMap<string, MeshSecrets>
  /** The last that it was given, or null. */
  readonly certificate: WorkloadCertificate | null
  /**
   * It needs the secrets of these meshes from now on, and no others. Those that it has are looked at again, too: to be
   * said where its tags, a mesh's CA or a mesh's mTLS may have changed.
   */
  readonly want: (meshes: ReadonlyArray<string>) => void
  /** It is connected no longer. */
  readonly release: () => void
}

export interface ProxyCertificates {
  /** Nothing is got before `want`, which may itself call `onChange`: it is called when the secrets are others. */
  readonly hold: (proxy: ProxyId, onChange: (certificate: WorkloadCertificate) => void) => HeldCertificates
}

interface Holder {
  readonly key: string
  readonly proxy: ProxyId
  readonly onChange: (certificate: WorkloadCertificate) => void
  readonly secrets: Map<string, MeshSecrets>
  certificate: WorkloadCertificate | null
  /** By mesh: what keeps its certificate, and how to have it look again once it is done with what it is at. */
  readonly keepers: Map<string, { readonly fiber: Fiber.Fiber<void>; readonly again: Queue.Queue<void> }>
}

/** Jittered, so that not all proxies ask at once when the authority is back. */
const retryMillis = (failures: number): number => Math.min(10_000, 125 * 2 ** failures) * (0.8 + 0.4 * Math.random())

export const makeProxyCertificates = Effect.gen(function*() {
  const authority = yield* CertificateAuthority
  const cache = yield* ResourceCache
  const context = yield* Effect.context<never>()
  const run = yield* FiberSet.makeRuntime<never, void, never>()
  /** One object a mesh and bundle, so that it is serialised once for all proxies. */
  const trust = new Map<string, { readonly pem: string; readonly resource: XdsResource }>()

  const trustSecret = (mesh: string, pem: string): XdsResource => {
    const before = trust.get(mesh)
    if (before?.pem === pem) return before.resource
    const resource = caSecret(mesh, pem)
    trust.set(mesh, { pem, resource })
    return resource
  }

  /** Gets the mesh's secrets for the proxy; answers when to ask again. */
  const refresh = Effect.fnUntraced(function*(holder: Holder, mesh: string) {
    const resource = cache.get(proxyKey(holder.proxy))
    const tags = resource !== undefined && isType("Dataplane", resource) ? tagSets(resource.spec) : []
    const pem = yield* authority.trustBundle(mesh)
    const certificate = yield* authority.certificate({ mesh, proxy: holder.proxy.name, tags })
    const before = holder.secrets.get(mesh)
    const ca = trustSecret(mesh, pem)
    if (before === undefined || before[1] !== ca || holder.certificate !== certificate) {
      if (holder.certificate?.issuedAt !== certificate.issuedAt) count(certificatesIssued, 1, context, { mesh })
      holder.certificate = certificate
      holder.secrets.set(mesh, [identitySecret(mesh, certificate), ca])
      holder.onChange(certificate)
    }
    return certificate.renewAt
  })

  /**
   * One mesh's certificate of one proxy, for as long as it is connected. A certificate that is being issued is
   * waited for, whatever changes meanwhile: given up, it would be issued once more.
   */
  const keepCertificate = Effect.fnUntraced(function*(holder: Holder, mesh: string, again: Queue.Queue<void>) {
    let failures = 0
    for (;;) {
      const wait = yield* refresh(holder, mesh).pipe(
        Effect.map((renewAt) => {
          failures = 0
          // Not in a busy loop where the authority still gives the old one.
          return Math.max(1_000, renewAt - Date.now())
        }),
        Effect.catchDefect((defect) => Effect.fail({ message: `a fault of our own: ${String(defect)}` })),
        Effect.catch((error) => {
          failures += 1
          return Effect.logWarning("A proxy's certificate can't be had; it keeps the one it has").pipe(
            Effect.annotateLogs({ proxy: holder.key, mesh, error: error.message }),
            Effect.as(retryMillis(failures))
          )
        })
      )
      yield* Effect.raceFirst(Effect.sleep(Duration.millis(wait)), Queue.take(again))
    }
  })

  const drop = (holder: Holder, mesh: string): void => {
    holder.keepers.get(mesh)?.fiber.interruptUnsafe()
    holder.keepers.delete(mesh)
    holder.secrets.delete(mesh)
  }

  const want = (holder: Holder, meshes: ReadonlyArray<string>): void => {
    for (const mesh of [...holder.keepers.keys()]) if (!meshes.includes(mesh)) drop(holder, mesh)
    for (const mesh of meshes) {
      const known = holder.keepers.get(mesh)
      if (known !== undefined) {
        Queue.offerUnsafe(known.again, undefined)
        continue
      }
      const again = Effect.runSync(Queue.sliding<void>(1))
      holder.keepers.set(mesh, { again, fiber: run(keepCertificate(holder, mesh, again)) })
    }
  }

  const hold: ProxyCertificates["hold"] = (proxy, onChange) => {
    const holder: Holder = {
      key: formatKey(proxyKey(proxy)),
      proxy,
      onChange,
      secrets: new Map(),
      certificate: null,
      keepers: new Map()
    }
    return {
      secrets: holder.secrets,
      get certificate() {
        return holder.certificate
      },
      want: (meshes) => want(holder, meshes),
      release: () => {
        for (const mesh of [...holder.keepers.keys()]) drop(holder, mesh)
        authority.forget(proxy.mesh, proxy.name)
      }
    }
  }

  return { hold } satisfies ProxyCertificates
})
