import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { MeshViews } from "../../../src/cp/snapshot/MeshViews.ts"
import type { ProxyTranslation } from "../../../src/cp/xds/ProxyTranslation.ts"
import { translateEndpoints, translateProxy } from "../../../src/cp/xds/translateProxy.ts"
import type { ProxyId } from "../../../src/model/ProxyType.ts"
import { formatKey, type Resource } from "../../../src/model/Resource.ts"
import { created } from "../snapshot/resources.ts"
import { anyResource, anySettings, PROXIES } from "./randomZone.ts"

const step = fc.record({
  changes: fc.array(fc.record({ resource: anyResource, isThere: fc.boolean() }), { minLength: 1, maxLength: 6 }),
  /** By proxy: what it says of itself when it connects again. */
  settings: fc.array(anySettings, { minLength: PROXIES.length, maxLength: PROXIES.length })
})

const beginning = fc.array(anyResource, { minLength: 10, maxLength: 25 })

const contentOf = (views: MeshViews, translation: ProxyTranslation | null) =>
  translation === null ? null : {
    resources: [...translation.resources, ...translateEndpoints(views, translation)]
      .map(({ bytes, name, typeUrl, version }) => [typeUrl, name, version, Buffer.from(bytes).toString("hex")]),
    uses: translation.uses.map(({ mesh, service }) => `${mesh}/${service}`),
    secretMeshes: translation.secretMeshes,
    conditions: translation.conditions
  }

/** As a control plane would answer that knows this one proxy and never translated anything. */
const fresh = (resources: Iterable<Resource>, proxy: ProxyId, settings: Parameters<typeof translateProxy>[2]) => {
  const views = new MeshViews()
  views.apply(structuredClone([...resources]).map(created))
  return contentOf(views, translateProxy(views, proxy, settings))
}

describe("what a proxy shares with others", () => {
  it("is byte for byte what it would be given alone, after any changes", () => {
    fc.assert(fc.property(beginning, fc.array(step, { minLength: 1, maxLength: 4 }), (first, steps) => {
      const views = new MeshViews()
      const now = new Map<string, Resource>()
      const put = (resource: Resource, after: Resource | undefined): void => {
        const key = formatKey(resource)
        views.apply([{ key: resource, before: now.get(key), after }])
        if (after === undefined) now.delete(key)
        else now.set(key, after)
      }
      for (const resource of first) put(resource, resource)
      // All are held, as they are of connected proxies.
      const kept = new Map<ProxyId, ProxyTranslation | null>()
      for (const { changes, settings } of steps) {
        for (const { isThere, resource } of changes) put(resource, isThere ? resource : undefined)
        for (const [index, proxy] of PROXIES.entries()) {
          const own = settings[index]
          if (own === undefined) continue
          kept.set(proxy, translateProxy(views, proxy, own))
        }
        for (const [index, proxy] of PROXIES.entries()) {
          const own = settings[index]
          if (own === undefined) continue
          expect(contentOf(views, kept.get(proxy) ?? null)).toEqual(fresh(now.values(), proxy, own))
        }
      }
    }), { seed: 20_260_101, numRuns: 500 })
  }, 120_000)
})
