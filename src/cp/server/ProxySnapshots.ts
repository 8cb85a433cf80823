/** The port through which streams get what their proxy is to have. `ProxySnapshotsLive.ts` builds it from the cache. */
import { Context } from "effect"
import type { Condition } from "../../model/Condition.ts"
import type { ProxyId } from "../../model/ProxyType.ts"
import type { ZoneView } from "../snapshot/MeshView.ts"
import type { TranslateSettings } from "../xds/TranslateSettings.ts"
import type { ProxySnapshot } from "../xds/XdsResource.ts"
import type { NodeMetadata } from "./nodeSettings.ts"

export interface Published {
  readonly snapshot: ProxySnapshot
  /** Unix milliseconds of the change that led to it. */
  readonly changedAt: number
}

/** What is known of one connected proxy's configuration, for people and dumps. */
export interface SnapshotStatus {
  /** The last that could be built; null until the first. */
  readonly snapshot: ProxySnapshot | null
  /** Why the newest state of the mesh could not be built for it; the snapshot is then older. Null: it could. */
  readonly failure: string | null
  /** What of its resource could not be translated; the rest is. */
  readonly conditions: ReadonlyArray<Condition>
}

export interface CertificateFacts {
  readonly issuedAt: number
  readonly expiresAt: number
  readonly backend: string
}

export interface Follower {
  readonly onSnapshot: (published: Published) => void
  /** The proxy was given another certificate. */
  readonly onCertificate: (certificate: CertificateFacts) => void
}

export class ProxySnapshots extends Context.Service<
  ProxySnapshots,
  {
    /**
     * Keeps a snapshot for the proxy from now on and tells each new one, never synchronously. `metadata`: its node's.
     * Returns how to stop.
     */
    readonly follow: (proxy: ProxyId, metadata: NodeMetadata, follower: Follower) => () => void
    /** Undefined where the proxy isn't connected here. */
    readonly status: (proxy: ProxyId) => SnapshotStatus | undefined
    /** What the resources mean together, as they are now: for who wants to look. */
    readonly zone: ZoneView
    /** What is known of the proxy's host; what is the same for all where it isn't connected here. */
    readonly settings: (proxy: ProxyId) => TranslateSettings
  }
>()("ecs-mesh/cp/server/ProxySnapshots") {}
