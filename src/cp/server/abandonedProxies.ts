/**
 * Proxies whose control plane is gone: it registered them, crashed or was stopped, and they never came back, so that
 * nobody sees them leave. Some time after its start each replica asks the others for those that aren't here, by a
 * label on the proxy's insight; whoever has a stream of it takes the question away. What nobody answers for goes.
 */
import { Effect } from "effect"
import { ASKED_LABEL, REGISTERED_LABEL } from "../../model/dataplaneLabels.ts"
import { PROXY_RESOURCE } from "../../model/proxyResource.ts"
import { PROXY_TYPES, type ProxyId } from "../../model/ProxyType.ts"
import type { Resource } from "../../model/Resource.ts"
import type { Store } from "../../model/Store.ts"
import { insightKey } from "../insight/Insights.ts"
import type { ResourceCache, ResourceChange } from "../snapshot/ResourceCache.ts"

type Insight = Resource<ReturnType<typeof insightKey>["type"]>

/** Replicas that have a stream of the proxy open, or died with it. */
export const streamsAt = (insight: Insight | null): ReadonlyArray<string> =>
  (insight?.spec.subscriptions ?? []).flatMap(({ controlPlaneInstanceId, disconnectTime }) =>
    disconnectTime === undefined ? [controlPlaneInstanceId] : [])

/** Proxies that other replicas registered. */
export const registeredElsewhere = (cache: ResourceCache["Service"], instanceId: string): ReadonlyArray<ProxyId> =>
  PROXY_TYPES.flatMap((proxyType) =>
    cache.list(PROXY_RESOURCE[proxyType])
      .filter(({ labels }) => labels[REGISTERED_LABEL] !== undefined && labels[REGISTERED_LABEL] !== instanceId)
      .map(({ mesh, name }) => ({ proxyType, mesh, name }))
  )

/** Proxies among the changes that somebody asks for and that have a stream here. */
export const askedFor = (changes: ReadonlyArray<ResourceChange>, instanceId: string): ReadonlyArray<ProxyId> =>
  changes.flatMap(({ after }): ReadonlyArray<ProxyId> => {
    if (after === undefined || after.labels[ASKED_LABEL] === undefined) return []
    const proxyType = PROXY_TYPES.find((type) => insightKey({ ...after, proxyType: type }).type === after.type)
    if (proxyType === undefined || !isInsight(after) || !streamsAt(after).includes(instanceId)) return []
    return [{ proxyType, mesh: after.mesh, name: after.name }]
  })

const isInsight = (resource: Resource): resource is Insight =>
  ["DataplaneInsight", "ZoneIngressInsight", "ZoneEgressInsight"].includes(resource.type)

const insightOf = (store: Store["Service"], proxy: ProxyId) =>
  store.get(insightKey(proxy)).pipe(Effect.catchTag("NotFound", () => Effect.succeed(null)))

/** Puts the label on the proxy's insight, or takes it off. Where there is no insight nobody has the proxy. */
const label = Effect.fnUntraced(function*(store: Store["Service"], proxy: ProxyId, asks: string | null) {
  const insight = yield* insightOf(store, proxy)
  if (insight === null) return
  const { [ASKED_LABEL]: _, ...others } = insight.labels
  const labels = asks === null ? others : { ...others, [ASKED_LABEL]: asks }
  yield* store.put({ ...insightKey(proxy), labels, spec: insight.spec }, { expect: insight.version })
}, Effect.retry({ times: 5, while: (error) => error._tag === "Conflict" }))

export const ask = (store: Store["Service"], proxy: ProxyId, instanceId: string) => label(store, proxy, instanceId)
export const answer = (store: Store["Service"], proxy: ProxyId) => label(store, proxy, null)

/** Whether what this replica asked was left without an answer. */
export const unanswered = (store: Store["Service"], proxy: ProxyId, instanceId: string) =>
  Effect.map(insightOf(store, proxy), (insight) => insight === null || insight.labels[ASKED_LABEL] === instanceId)
