/**
 * Where hostnames are kept so that workloads find them: a hosted zone of Route 53, or a namespace of Cloud Map. Whoever
 * keeps them marks each as its own, and what bears no mark is somebody else's.
 */
import type { Effect } from "effect"
import type { AwsCallFailed } from "../aws/AwsCallFailed.ts"

/** One name that is there. */
export type NameThere =
  /**
   * Kept by this control plane; `address` is null where only the mark is left. `isFormer`: by one that is no more, so
   * that the mark is to be this one's.
   */
  | { readonly owner: "us"; readonly address: string | null; readonly isFormer?: true }
  /** A lone address that bears nobody's mark: it is touched only where that was asked for. */
  | { readonly owner: "nobody"; readonly address: string }
  /** Anybody else's: it is never touched. `cluster`: of another control plane, where its mark says so. */
  | { readonly owner: "others"; readonly cluster?: string }

export type NamesThere = ReadonlyMap<string, NameThere>

export interface NameChange {
  readonly hostname: string
  /** What is there, ours or becoming ours; null: nothing. */
  readonly before: { readonly address: string | null } | null
  /** Null: it goes. */
  readonly after: string | null
}

/** A change that was refused by itself, the others having been made. */
export interface RefusedName {
  readonly hostname: string
  readonly reason: string
}

export interface NameStore {
  /** For logs: `Route 53 Z123`. */
  readonly title: string
  /** What hostnames must end with; without a dot at its ends. */
  readonly domain: Effect.Effect<string, AwsCallFailed>
  /** All that is there now. */
  readonly list: Effect.Effect<NamesThere, AwsCallFailed>
  /** Makes them as they were meant, or not at all: what somebody else changed meanwhile is refused. */
  readonly change: (changes: ReadonlyArray<NameChange>) => Effect.Effect<ReadonlyArray<RefusedName>, AwsCallFailed>
}
