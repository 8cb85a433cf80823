/** Everything about the API server that its user may set. */
import type { AccessConfig } from "../auth/user/Access.ts"
import type { UserAuthnConfig } from "../auth/user/UserAuthenticator.ts"
import type { Listen } from "./ControlPlaneConfig.ts"

export interface ApiServerConfig {
  readonly http: Listen & { readonly enabled: boolean }
  readonly https: Listen & { readonly enabled: boolean; readonly minVersion: "TLSv1.2" | "TLSv1.3" }
  readonly authn: UserAuthnConfig & {
    /** Whether the first administrator's token is made at the first start. */
    readonly bootstrapAdminToken: boolean
    readonly issuesTokens: boolean
  }
  /** Whose certificates are taken of clients over HTTPS; nothing is asked for where all is empty. */
  readonly clientCertificates: {
    /** Folder of certificates in PEM, each of a client or of who signs clients'. */
    readonly dir: string | null
    readonly caFile: string | null
    /** Nobody else gets through HTTPS. */
    readonly required: boolean
  }
  /** Kuma's openness: whoever reaches the API may read and write all that isn't reserved, without a token. */
  readonly anonymousAccess: boolean
  readonly access: AccessConfig
  /** Nothing is written by way of the API. */
  readonly readOnly: boolean
  readonly limits: {
    /** Of one caller, with ten times as many at once; 0: without a bound. Direct calls from this machine aren't counted. */
    readonly requestsPerSecond: number
    /** Of each of the two servers, so that proxies' connections find room. */
    readonly connections: number
    /** So many of these of one address, or of one network of IPv6. */
    readonly connectionsOfOne: number
    readonly readHeaderMillis: number
    /** From a request's first byte to its last. */
    readonly readMillis: number
    /** A connection on which nothing moves for so long while it is answered. */
    readonly writeMillis: number
    readonly idleMillis: number
  }
}
