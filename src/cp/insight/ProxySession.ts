/**
 * One ADS stream as its proxy's insight shows it, folded from what happens on it. Pure; counts are kept as numbers
 * here and as text in the resource, as Kuma has them.
 */
import type { Subscription } from "../../model/DataplaneInsight.ts"

/** Short names of the types that an insight counts on their own. */
const FIELD_BY_TYPE: Readonly<Record<string, "cds" | "eds" | "lds" | "rds">> = {
  "type.googleapis.com/envoy.config.cluster.v3.Cluster": "cds",
  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment": "eds",
  "type.googleapis.com/envoy.config.listener.v3.Listener": "lds",
  "type.googleapis.com/envoy.config.route.v3.RouteConfiguration": "rds"
}

export interface Counts {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
}

export interface Certificate {
  /** Unix milliseconds. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly backend: string
}

/** What a proxy's node says of itself. */
export interface NodeFacts {
  readonly version: Readonly<Record<string, unknown>> | null
  /** What its sidecar can do. */
  readonly features: ReadonlyArray<string>
}

export interface ProxySession extends NodeFacts {
  /** Unique among all streams of all replicas. */
  readonly id: string
  readonly instanceId: string
  /** Times are Unix milliseconds. */
  readonly connectedAt: number
  readonly disconnectedAt: number | null
  readonly updatedAt: number | null
  readonly total: Counts
  readonly byType: Readonly<Record<"cds" | "eds" | "lds" | "rds", Counts>>
  /** The last refusal of each type that wasn't followed by an acceptance. */
  readonly rejections: ReadonlyMap<string, { readonly message: string; readonly at: number }>
  readonly certificate: Certificate | null
}

export type SessionEvent =
  | { readonly _tag: "Pushed"; readonly typeUrl: string; readonly at: number }
  | { readonly _tag: "Acked"; readonly typeUrl: string; readonly at: number }
  | { readonly _tag: "Nacked"; readonly typeUrl: string; readonly message: string; readonly at: number }
  | { readonly _tag: "Certified"; readonly certificate: Certificate; readonly at: number }
  /** Its stream is still open. */
  | { readonly _tag: "Seen"; readonly at: number }
  | { readonly _tag: "Disconnected"; readonly at: number }

const NONE: Counts = { sent: 0, acknowledged: 0, rejected: 0 }

export const openSession = (
  opened: Pick<ProxySession, "id" | "instanceId" | "connectedAt" | "version" | "features">
): ProxySession => ({
  ...opened,
  disconnectedAt: null,
  updatedAt: null,
  total: NONE,
  byType: { cds: NONE, eds: NONE, lds: NONE, rds: NONE },
  rejections: new Map(),
  certificate: null
})

const counted = (session: ProxySession, typeUrl: string, field: keyof Counts, at: number): ProxySession => {
  const type = FIELD_BY_TYPE[typeUrl]
  const add = (counts: Counts): Counts => ({ ...counts, [field]: counts[field] + 1 })
  return {
    ...session,
    updatedAt: at,
    total: add(session.total),
    byType: type === undefined ? session.byType : { ...session.byType, [type]: add(session.byType[type]) }
  }
}

export const foldSession = (session: ProxySession, event: SessionEvent): ProxySession => {
  switch (event._tag) {
    case "Pushed":
      return counted(session, event.typeUrl, "sent", event.at)
    case "Acked": {
      const acknowledged = counted(session, event.typeUrl, "acknowledged", event.at)
      if (!session.rejections.has(event.typeUrl)) return acknowledged
      const rejections = new Map(session.rejections)
      rejections.delete(event.typeUrl)
      return { ...acknowledged, rejections }
    }
    case "Nacked": {
      const rejections = new Map(session.rejections).set(event.typeUrl, { message: event.message, at: event.at })
      return { ...counted(session, event.typeUrl, "rejected", event.at), rejections }
    }
    case "Certified":
      return { ...session, certificate: event.certificate }
    case "Seen":
      return { ...session, updatedAt: event.at }
    case "Disconnected":
      return { ...session, disconnectedAt: event.at }
  }
}

const iso = (millis: number): string => new Date(millis).toISOString()

const status = ({ sent, acknowledged, rejected }: Counts) => ({
  ...(sent === 0 ? {} : { responsesSent: String(sent) }),
  ...(acknowledged === 0 ? {} : { responsesAcknowledged: String(acknowledged) }),
  ...(rejected === 0 ? {} : { responsesRejected: String(rejected) })
})

/** The session in the resource's own form. */
export const toSubscription = (session: ProxySession): Subscription => ({
  id: session.id,
  controlPlaneInstanceId: session.instanceId,
  connectTime: iso(session.connectedAt),
  ...(session.disconnectedAt === null ? {} : { disconnectTime: iso(session.disconnectedAt) }),
  status: {
    ...(session.updatedAt === null ? {} : { lastUpdateTime: iso(session.updatedAt) }),
    total: status(session.total),
    cds: status(session.byType.cds),
    eds: status(session.byType.eds),
    lds: status(session.byType.lds),
    rds: status(session.byType.rds)
  },
  ...(session.version === null ? {} : { version: session.version })
})
