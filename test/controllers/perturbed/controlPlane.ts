/** The control plane as far as the operator sees it: it tells of each proxy whether it took its listeners. */
import type { ResourceKey } from "../../../src/model/Resource.ts"
import type { Scene } from "./Scene.ts"

const INSIGHTS = {
  Dataplane: "DataplaneInsight",
  ZoneIngress: "ZoneIngressInsight",
  ZoneEgress: "ZoneEgressInsight"
} as const
const PROXY = { dataplane: "Dataplane", ingress: "ZoneIngress", egress: "ZoneEgress" } as const

const isProxy = (type: string): type is keyof typeof INSIGHTS => type in INSIGHTS

const TOLD_AFTER = 50

export const controlPlane = ({ resources, time, world }: Scene): void => {
  const attend = (type: keyof typeof INSIGHTS, mesh: string, name: string): void => {
    const insight = { type: INSIGHTS[type], mesh, name }
    const stored = "version" in resources.get({ type, mesh, name })
    const known = "version" in resources.get(insight)
    const connected = world.find(name)?.states.now?.connected === true
    if (!stored && known) resources.remove(insight)
    if (!stored || known || !connected) return
    resources.put({
      ...insight,
      labels: {},
      spec: {
        subscriptions: [{
          id: "1",
          controlPlaneInstanceId: "cp",
          connectTime: "2026-01-01T00:00:00Z",
          status: { total: {}, cds: {}, eds: {}, rds: {}, lds: { responsesSent: "1", responsesAcknowledged: "1" } }
        }]
      }
    })
  }
  resources.listen(({ mesh, name, type }: ResourceKey) => {
    if (isProxy(type)) time.after(TOLD_AFTER, () => attend(type, mesh, name))
  })
  world.onConnected = ({ family: { kind }, id }) => {
    if (kind === "none") return
    time.after(TOLD_AFTER, () => attend(PROXY[kind], kind === "dataplane" ? "default" : "", id))
  }
}
