/** Where hostnames are kept, as whoever composes is told. */

export interface NameConfig {
  readonly region: string
  /** Null: AWS's own. */
  readonly endpoint: string | null
  /** `route53`: a hosted zone; `cloudMap`: a namespace. */
  readonly kind: "route53" | "cloudMap"
  /** Id of the hosted zone or the namespace. */
  readonly id: string
  /** Ids of the hosted zones that HostnameGenerators may name beside that one. */
  readonly others: ReadonlyArray<string>
  /** Whose names become this control plane's own. */
  readonly adopts: {
    /** Wanted names that lead to a virtual address and bear nobody's mark. */
    readonly unmarked: boolean
    /** Ids of clusters that are no more. */
    readonly clusters: ReadonlyArray<string>
  }
  readonly refreshMillis: number
  /** The part of the account's requests that may be made. */
  readonly apiShare: number
}
