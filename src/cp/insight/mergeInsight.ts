/** Puts one stream's session into what the store has of its proxy, whoever wrote that. Pure. */
import type { DataplaneInsight, Subscription } from "../../model/DataplaneInsight.ts"
import { type ProxySession, toSubscription } from "./ProxySession.ts"

/** Streams that an insight remembers. */
export const KEPT_SUBSCRIPTIONS = 10

export const mergeInsight = (before: DataplaneInsight | undefined, session: ProxySession): DataplaneInsight => {
  const others = (before?.subscriptions ?? []).filter(({ id }) => id !== session.id)
  const subscriptions = kept(ended(
    [...others, toSubscription(session)]
      .sort((one, other) => (one.connectTime < other.connectTime ? -1 : one.connectTime > other.connectTime ? 1 : 0))
  ))
  // An older stream's last word doesn't overwrite what a newer one says of the proxy.
  const newest = subscriptions.at(-1)?.id === session.id
  const mTLS = newest ? certificateInfo(before, session) : before?.mTLS
  const rejections = newest
    ? [...session.rejections].map(([typeUrl, { message, at }]) => ({
      typeUrl,
      message,
      time: new Date(at).toISOString()
    }))
    : before?.rejections ?? []
  const metadata = newest ? metadataOf(session) : before?.metadata
  return {
    subscriptions,
    ...(mTLS === undefined ? {} : { mTLS }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(rejections.length === 0 ? {} : { rejections })
  }
}

/** Of all that its node says of itself, what tools go by. */
const metadataOf = ({ features }: ProxySession): DataplaneInsight["metadata"] =>
  features.length === 0 ? undefined : { features }

const listened = ({ status }: Subscription): boolean => Number(status.lds.responsesAcknowledged ?? 0) > 0

/**
 * The newest, and in place of the oldest of them the last on which the proxy took its listeners: that it once did is
 * what its traffic depends on, however often it came back since.
 */
const kept = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<Subscription> => {
  const newest = subscriptions.slice(-KEPT_SUBSCRIPTIONS)
  const last = subscriptions.findLast(listened)
  return last === undefined || newest.some(listened) ? newest : [last, ...newest.slice(1)]
}

/** A proxy has one stream at a time: a replica that died with one open never said that it ended. */
const ended = (subscriptions: ReadonlyArray<Subscription>): ReadonlyArray<Subscription> =>
  subscriptions.map((subscription, index) => {
    const next = subscriptions[index + 1]
    return next === undefined || subscription.disconnectTime !== undefined
      ? subscription
      : { ...subscription, disconnectTime: next.connectTime }
  })

const certificateInfo = (
  before: DataplaneInsight | undefined,
  { certificate }: ProxySession
): DataplaneInsight["mTLS"] => {
  if (certificate === null) return before?.mTLS
  const issued = new Date(certificate.issuedAt).toISOString()
  const regenerations = before?.mTLS?.certificateRegenerations ?? 0
  return {
    certificateExpirationTime: new Date(certificate.expiresAt).toISOString(),
    lastCertificateRegeneration: issued,
    certificateRegenerations: before?.mTLS?.lastCertificateRegeneration === issued ? regenerations : regenerations + 1,
    issuedBackend: certificate.backend,
    supportedBackends: [certificate.backend]
  }
}
