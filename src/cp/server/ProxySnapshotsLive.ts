/**
 * `ProxySnapshots` from resources and certificates: joins the cache's changes and the proxies' certificates to what
 * keeps the proxies up to date, and writes down what fails there.
 */
import { Effect, FiberSet, Layer } from "effect"
import { proxyKey } from "../../model/proxyResource.ts"
import { formatKey } from "../../model/Resource.ts"
import { AdminKeys } from "../admin/AdminKeys.ts"
import { count, translationFailures, translations } from "../diagnostics/metrics.ts"
import { News } from "../diagnostics/News.ts"
import { Ration } from "../diagnostics/Ration.ts"
import { VIEWED } from "../snapshot/MeshViews.ts"
import { ResourceCache } from "../snapshot/ResourceCache.ts"
import { Traces } from "../tracing/Traces.ts"
import type { AdminTls } from "../xds/TranslateSettings.ts"
import { nodeSettings } from "./nodeSettings.ts"
import { makeProxyCertificates } from "./ProxyCertificates.ts"
import { ProxySnapshots } from "./ProxySnapshots.ts"
import { ProxyUpdates } from "./ProxyUpdates.ts"

export interface SnapshotOptions {
  readonly zone: string
  /** File that proxies log their requests to; null: none. */
  readonly accessLogPath: string | null
}

/** What isn't made is told by lines of the log, which are for people. */
const CONDITIONS_A_MINUTE = 100

const adminTlsOf = ({ ca, server }: AdminKeys): AdminTls =>
  ({ caPem: ca.certificatePem, certificatePem: server.certificatePem, privateKeyPem: server.keyPem })

export const ProxySnapshotsLive = (options: SnapshotOptions) =>
  Layer.effect(
    ProxySnapshots,
    Effect.gen(function*() {
      const keys = yield* AdminKeys
      const common = { ...options, adminTls: keys === null ? null : adminTlsOf(keys) }
      const certificates = yield* makeProxyCertificates
      const cache = yield* ResourceCache
      const traces = yield* Traces
      const context = yield* Effect.context<never>()
      const run = yield* FiberSet.makeRuntime<never, void, never>()
      const news = new News()
      const ration = new Ration(CONDITIONS_A_MINUTE)
      const updates = new ProxyUpdates({
        certificates,
        report: {
          onTranslation: () => count(translations, 1, context),
          onFailure: (proxy, error) => {
            count(translationFailures, 1, context)
            run(
              Effect.logError("A proxy's configuration can't be built; it keeps the last good one").pipe(
                Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)), error })
              )
            )
          },
          // One policy may be about thousands of proxies: it is told of the first.
          onCondition: (proxy, { message: problem, reason }) => {
            const now = Date.now()
            if (!news.isNews(`${proxy.mesh} ${reason} ${problem}`, now) || !ration.takes(now)) return
            run(
              Effect.logWarning("A part of a proxy's configuration isn't made; the rest is").pipe(
                Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)), mesh: proxy.mesh, reason, problem })
              )
            )
          },
          onFault: (proxy, error) =>
            run(
              Effect.logError("A proxy's update failed", error).pipe(
                Effect.annotateLogs({ proxy: formatKey(proxyKey(proxy)) })
              )
            ),
          onUnread: (resource, error) =>
            run(
              Effect.logError("A resource can't be read, and counts as it was before: write it anew, or remove it", error)
                .pipe(Effect.annotateLogs({ resource: formatKey(resource) }))
            )
        }
      })
      yield* Effect.acquireRelease(
        // In one step: others may have their turn between two, and a change that came then would be lost.
        Effect.sync(() => {
          updates.load(VIEWED.flatMap((type) => cache.list(type)))
          return cache.onChange((changes) => {
            const at = Date.now()
            traces?.changed(changes, at)
            updates.change(changes, at)
          })
        }),
        (stop) =>
          Effect.sync(() => {
            stop()
            updates.stop()
          })
      )

      return ProxySnapshots.of({
        follow: (proxy, metadata, follower) => updates.follow(proxy, nodeSettings(metadata, common), follower),
        status: (proxy) => {
          const followed = updates.followed(proxy)
          if (followed === undefined) return undefined
          const { failure, snapshot, translation } = followed
          return { snapshot, failure, conditions: translation.conditions }
        },
        zone: updates.zone,
        settings: (proxy) => updates.followed(proxy)?.translation.settings ?? nodeSettings({}, common)
      })
    })
  )
