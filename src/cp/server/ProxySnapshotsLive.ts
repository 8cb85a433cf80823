/**
 * `ProxySnapshots` from resources and certificates. Receives the cache's batches of changes; tells each connected
 * proxy that depends on one its new snapshot, a few at each turn of the event loop, and the others nothing. Gets
 * certificates from the authority and renews them in time. Writes nothing.
 */
import { Duration, Effect, type Fiber, FiberSet, Layer, Queue } from "effect"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey, isType, type ResourceType } from "../../model/Resource.ts"
import { tagSets } from "../../model/tagSets.ts"
import { CertificateAuthority, type WorkloadCertificate } from "../ca/CertificateAuthority.ts"
import { certificatesIssued, count, translationFailures } from "../diagnostics/metrics.ts"
import { isEmpty, joinImpacts } from "../snapshot/joinImpacts.ts"
import { type Impact, MeshViews } from "../snapshot/MeshViews.ts"
import { ResourceCache, type ResourceChange } from "../snapshot/ResourceCache.ts"
import { caSecret, identitySecret } from "../xds/secret.ts"
import type { XdsResource } from "../xds/XdsResource.ts"
import { FollowedProxy } from "./FollowedProxy.ts"
import { nodeSettings } from "./nodeSettings.ts"
import { type Follower, ProxySnapshots, type Published } from "./ProxySnapshots.ts"

export interface SnapshotOptions {
  readonly zone: string
  /** File that proxies log their requests to; null: none. */
  readonly accessLogPath: string | null
}

interface Entry {
  readonly key: string
  readonly followed: FollowedProxy
  readonly followers: Set<Follower>
  /** Unix milliseconds of the change that isn't told yet, or null: there is none. */
  changedAt: number | null
  certificate: WorkloadCertificate | null
  /** By mesh: what keeps its certificate, and how to have it look again once it is done with what it is at. */
  readonly keepers: Map<string, { readonly fiber: Fiber.Fiber<void>; readonly again: Queue.Queue<void> }>
}

/** What a proxy isn't translated by yet. */
interface Pending {
  /** Unix milliseconds of the oldest change in it. */
  readonly at: number
  readonly impact: Impact
}

/** Translating all proxies takes seconds where there are many: what else is due comes between two of them. */
const TURN_MILLIS = 10

/** The types that views are made of. */
const VIEWED: ReadonlyArray<ResourceType> = [
  "Mesh",
  "Dataplane",
  "ZoneIngress",
  "ZoneEgress",
  "OutboundPort",
  "MeshTrafficPermission",
  "MeshTimeout"
]

/** Jittered, so that not all proxies ask at once when the authority is back. */
const retryMillis = (failures: number): number => Math.min(10_000, 125 * 2 ** failures) * (0.8 + 0.4 * Math.random())

export const ProxySnapshotsLive = (options: SnapshotOptions) =>
  Layer.effect(
    ProxySnapshots,
    Effect.gen(function*() {
      const authority = yield* CertificateAuthority
      const cache = yield* ResourceCache
      const context = yield* Effect.context<never>()
      const run = yield* FiberSet.makeRuntime<never, void, never>()
      const views = new MeshViews()
      const entries = new Map<string, Entry>()
      const dirty = new Set<Entry>()
      /** One object a mesh and bundle, so that it is serialised once for all proxies. */
      const trust = new Map<string, { readonly pem: string; readonly resource: XdsResource }>()

      /** One proxy's stream that fails must not keep the others from their snapshots. */
      const tell = (entry: Entry, follower: Follower, published: Published): void => {
        try {
          follower.onSnapshot(published)
        } catch (error) {
          run(Effect.logError("A proxy's stream failed", error).pipe(Effect.annotateLogs({ proxy: entry.key })))
        }
      }

      const publish = (): void => {
        for (const entry of dirty) {
          dirty.delete(entry)
          const changedAt = entry.changedAt ?? Date.now()
          entry.changedAt = null
          if (!entry.followed.build() || entry.followed.snapshot === null) continue
          for (const follower of entry.followers) tell(entry, follower, { snapshot: entry.followed.snapshot, changedAt })
        }
      }
      /** Everything that changes in this turn is told once, at its end. */
      const touch = (entry: Entry, at: number): void => {
        if (dirty.size === 0) queueMicrotask(publish)
        entry.changedAt ??= at
        dirty.add(entry)
      }

      const trustSecret = (mesh: string, pem: string): XdsResource => {
        const before = trust.get(mesh)
        if (before?.pem === pem) return before.resource
        const resource = caSecret(mesh, pem)
        trust.set(mesh, { pem, resource })
        return resource
      }

      /** Gets the mesh's secrets for the proxy; answers when to ask again. */
      const refresh = Effect.fnUntraced(function*(entry: Entry, mesh: string) {
        const resource = cache.get(proxyKey(entry.followed.proxy))
        const tags = resource !== undefined && isType("Dataplane", resource) ? tagSets(resource.spec) : []
        const pem = yield* authority.trustBundle(mesh)
        const certificate = yield* authority.certificate({ mesh, proxy: entry.followed.proxy.name, tags })
        const before = entry.followed.secrets.get(mesh)
        const ca = trustSecret(mesh, pem)
        if (before === undefined || before[1] !== ca || entry.certificate !== certificate) {
          if (entry.certificate?.issuedAt !== certificate.issuedAt) count(certificatesIssued, 1, context, { mesh })
          entry.certificate = certificate
          entry.followed.secrets.set(mesh, [identitySecret(mesh, certificate), ca])
          for (const follower of entry.followers) follower.onCertificate(certificate)
          touch(entry, Date.now())
        }
        return certificate.renewAt
      })

      /**
       * One mesh's certificate of one proxy, for as long as it is connected. A certificate that is being issued is
       * waited for, whatever changes meanwhile: given up, it would be issued once more.
       */
      const keepCertificate = Effect.fnUntraced(function*(entry: Entry, mesh: string, again: Queue.Queue<void>) {
        let failures = 0
        for (;;) {
          const wait = yield* refresh(entry, mesh).pipe(
            Effect.map((renewAt) => {
              failures = 0
              // Not in a busy loop where the authority still gives the old one.
              return Math.max(1_000, renewAt - Date.now())
            }),
            Effect.catchDefect((defect) => Effect.fail({ message: `a fault of our own: ${String(defect)}` })),
            Effect.catch((error) => {
              failures += 1
              return Effect.logWarning("A proxy's certificate can't be had; it keeps the one it has").pipe(
                Effect.annotateLogs({ proxy: entry.key, mesh, error: error.message }),
                Effect.as(retryMillis(failures))
              )
            })
          )
          yield* Effect.raceFirst(Effect.sleep(Duration.millis(wait)), Queue.take(again))
        }
      })

      const dropKeeper = (entry: Entry, mesh: string): void => {
        entry.keepers.get(mesh)?.fiber.interruptUnsafe()
        entry.keepers.delete(mesh)
      }

      const certify = (entry: Entry): void => {
        const wanted = entry.followed.secretMeshes
        for (const mesh of [...entry.keepers.keys()]) {
          if (wanted.includes(mesh)) continue
          dropKeeper(entry, mesh)
          entry.followed.secrets.delete(mesh)
        }
        for (const mesh of wanted) {
          const known = entry.keepers.get(mesh)
          if (known !== undefined) {
            Queue.offerUnsafe(known.again, undefined)
            continue
          }
          const again = Effect.runSync(Queue.sliding<void>(1))
          entry.keepers.set(mesh, { again, fiber: run(keepCertificate(entry, mesh, again)) })
        }
      }

      const noteFailure = (entry: Entry, before: string | null): void => {
        const { failure } = entry.followed
        if (failure === null || failure === before) return
        count(translationFailures, 1, context)
        run(
          Effect.logError("A proxy's configuration can't be built; it keeps the last good one").pipe(
            Effect.annotateLogs({ proxy: entry.key, error: failure })
          )
        )
      }

      const update = (entry: Entry, { at, impact }: Pending): void => {
        const { followed } = entry
        const { mesh, name, proxyType } = followed.proxy
        const before = followed.failure
        const meshes = followed.secretMeshes
        const reached = followed.translate(impact)
        noteFailure(entry, before)
        if (reached) touch(entry, at)
        const own = impact.proxies.some((proxy) =>
          proxy.proxyType === proxyType && proxy.mesh === mesh && proxy.name === name
        )
        // Another CA, other names in the certificate, or mTLS switched on or off.
        const others = followed.secretMeshes
        if (
          own || others.length !== meshes.length ||
          others.some((mesh) => impact.secrets.has(mesh) || impact.meshes.has(mesh))
        ) certify(entry)
      }

      /** Those that wait for their turn, each with all that changed since its last one. */
      const waiting = new Map<Entry, Pending>()
      let turn: NodeJS.Immediate | null = null
      const work = (): void => {
        turn = null
        const began = performance.now()
        for (const [entry, pending] of waiting) {
          waiting.delete(entry)
          // What is wrong with one must not keep the others waiting.
          try {
            update(entry, pending)
          } catch (error) {
            run(Effect.logError("A proxy's update failed", error).pipe(Effect.annotateLogs({ proxy: entry.key })))
          }
          if (waiting.size === 0 || performance.now() - began < TURN_MILLIS) continue
          turn = setImmediate(work)
          return
        }
      }

      const onChange = (changes: ReadonlyArray<ResourceChange>): void => {
        const at = Date.now()
        const impact = views.apply(changes)
        // A status write concerns nobody.
        if (isEmpty(impact)) return
        // Those that wait mostly wait for the same changes: these are joined once for all of them.
        const joined = new Map<Impact, Impact>()
        const join = (before: Impact): Impact => {
          const both = joined.get(before) ?? joinImpacts(before, impact)
          joined.set(before, both)
          return both
        }
        for (const entry of entries.values()) {
          const before = waiting.get(entry)
          waiting.set(entry, before === undefined ? { at, impact } : { at: before.at, impact: join(before.impact) })
        }
        if (turn === null) work()
      }

      views.apply(
        VIEWED.flatMap((type) => cache.list(type)).map((after) => ({
          key: { type: after.type, mesh: after.mesh, name: after.name },
          before: undefined,
          after
        }))
      )
      yield* Effect.acquireRelease(
        Effect.sync(() => cache.onChange(onChange)),
        (stop) =>
          Effect.sync(() => {
            stop()
            waiting.clear()
            if (turn !== null) clearImmediate(turn)
          })
      )

      return ProxySnapshots.of({
        follow: (proxy, metadata, follower) => {
          const key = formatKey(proxyKey(proxy))
          const settings = nodeSettings(metadata, options)
          const known = entries.get(key)
          const entry = known ?? {
            key,
            followed: new FollowedProxy(proxy, views, settings),
            followers: new Set<Follower>(),
            changedAt: null,
            certificate: null,
            keepers: new Map()
          }
          entries.set(key, entry)
          entry.followers.add(follower)
          if (known === undefined) {
            noteFailure(entry, null)
            certify(entry)
          } else {
            const before = entry.followed.failure
            entry.followed.settle(settings)
            noteFailure(entry, before)
            if (entry.certificate !== null) follower.onCertificate(entry.certificate)
          }
          touch(entry, Date.now())
          return () => {
            entry.followers.delete(follower)
            if (entry.followers.size > 0 || entries.get(key) !== entry) return
            entries.delete(key)
            dirty.delete(entry)
            waiting.delete(entry)
            for (const mesh of [...entry.keepers.keys()]) dropKeeper(entry, mesh)
            authority.forget(proxy.mesh, proxy.name)
          }
        },
        status: (proxy) => {
          const entry = entries.get(formatKey(proxyKey(proxy)))
          if (entry === undefined) return undefined
          const { conditions, failure, snapshot } = entry.followed
          return { snapshot, failure, conditions }
        }
      })
    })
  )
