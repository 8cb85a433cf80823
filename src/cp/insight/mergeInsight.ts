/** Puts one stream's session into what the store has of its proxy, whoever wrote that. Pure. */
import type { DataplaneInsight, Subscription } from "../../model/DataplaneInsight.ts"
import { type ProxySession, toSubscription } from "./ProxySession.ts"

/** Streams that an insight remembers. */
export const KEPT_SUBSCRIPTIONS = 10

export const mergeInsight = (before: DataplaneInsight | undefined, session: ProxySession): DataplaneInsight => {
  const others = (before?.subscriptions ?? []).filter(({ id }) => id !== session.id)
  const subscriptions = ended(
    [...others, toSubscription(session)]
      .sort((one, other) => one.connectTime.localeCompare(other.connectTime))
      .slice(-KEPT_SUBSCRIPTIONS)
  )
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
  return {
    subscriptions,
    ...(mTLS === undefined ? {} : { mTLS }),
    ...(rejections.length === 0 ? {} : { rejections })
  }
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
