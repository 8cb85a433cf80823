/** Where hostnames are kept, as whoever composes is told. */

export interface NameConfig {
  readonly region: string
  /** Null: AWS's own. */
  readonly endpoint: string | null
  /** `route53`: a hosted zone; `cloudMap`: a namespace. */
  readonly kind: "route53" | "cloudMap"
  /** Id of the hosted zone or the namespace. */
  readonly id: string
  readonly refreshMillis: number
  /** The part of the account's requests that may be made. */
  readonly apiShare: number
}
