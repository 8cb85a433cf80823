/** One look at a service's secret and at who wants a token from it: all that a decision depends on, and no secret. */
import type { TokenClaims } from "./readToken.ts"

/** What a secret holds, as far as it matters here. */
export type Held =
  | { readonly status: "absent" | "deleting" | "binary" | "empty" | "tokenless" | "unreadable" }
  /** A predicate such as `isn't JSON`. */
  | { readonly status: "malformed"; readonly problem: string }
  | {
    readonly status: "token"
    readonly claims: TokenClaims
    /** Why the control plane wouldn't take it; null where it would, or nobody knows. */
    readonly objection: string | null
  }

export interface TokenObservation {
  readonly secret: string
  /** `kuma.io/service` of the tasks that want it. */
  readonly service: string
  /** Meshes that they name, sorted, each once; at least one. */
  readonly meshes: ReadonlyArray<string>
  readonly held: Held
  /** When this controller wrote the secret within the last hour (Unix milliseconds, oldest first). */
  readonly writes: ReadonlyArray<number>
}
