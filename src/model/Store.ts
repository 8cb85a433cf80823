/**
 * Where resources are kept: the port that controllers and control plane meet at.
 * An implementation passes `test/contract/storeContract.ts`. It validates nothing and knows no kind.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { DesiredResource, Resource, ResourceKey, ResourceType } from "./Resource.ts"

/** The resource isn't there. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { key: Schema.String }) {}

/** Somebody else wrote first: read again, then decide again. */
export class Conflict extends Schema.TaggedError<Conflict>()("Conflict", {
  key: Schema.String,
  /** `present`: whatever its version, it was to be there. */
  expected: Schema.Union([Schema.Number, Schema.Literal("absent"), Schema.Literal("present")])
}) {}

/** The database can't be reached or refuses to work; nothing is known of the outcome of a write. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  operation: Schema.String,
  message: Schema.String
}) {}

export interface PutOptions {
  /** Write only over this version, or only where nothing is; unconditionally where absent. */
  readonly expect?: number | "absent"
  /** What is to be there with it, put in the same commit: of these, what is there already stays as it is. */
  readonly beside?: ReadonlyArray<DesiredResource>
  /** Write only where another resource is there: whoever removes that meanwhile waits, or is seen. */
  readonly given?: ResourceKey
}

/** Something that is stored, without what it says. */
export interface StoredKey extends ResourceKey {
  readonly version: number
}

export interface RemoveOptions {
  /** Remove only this version; whichever is there where absent. */
  readonly expect?: number
  /** What goes with it, in the same commit: of these, what isn't there doesn't matter. */
  readonly beside?: ReadonlyArray<ResourceKey>
  /** Remove only while another resource is what it was: whoever writes that meanwhile waits, or is seen. */
  readonly given?: { readonly key: ResourceKey; readonly version: number }
  /**
   * What goes with it of what is in a mesh, null: nothing goes, and neither does it. Asked once nobody can write
   * `given` it any more; maybe several times, of which the last counts.
   */
  readonly within?: {
    readonly mesh: string
    readonly choose: (there: ReadonlyArray<StoredKey>) => ReadonlyArray<ResourceKey> | null
  }
}

/**
 * Something changed. `Changed` names a key that was written or removed; where it doesn't say what is there since, read
 * it to know. `Resynced` says that changes may have been missed: read everything.
 */
export type Change =
  | {
      readonly _tag: "Changed"
      readonly key: ResourceKey
      /** Counts commits: the change is in every snapshot of this revision or a later one, and in none before. */
      readonly revision?: number
      /** What is there as of that revision, null: nothing. Absent where that has to be read. */
      readonly after?: Resource | null
    }
  | { readonly _tag: "Resynced" }

/** Resources as they were at one instant. */
export interface Snapshot {
  /** All changes up to this one are in it, and none after it; null where the store counts none. */
  readonly revision: number | null
  readonly resources: ReadonlyArray<Resource>
}

export interface Page<T extends ResourceType = ResourceType> {
  readonly total: number
  readonly resources: ReadonlyArray<Resource<T>>
}

export class Store extends Context.Service<
  Store,
  {
    readonly get: <T extends ResourceType>(
      key: ResourceKey<T>
    ) => Effect.Effect<Resource<T>, NotFound | StoreUnavailable>
    /** All of a type, of one mesh where given, ordered by mesh, then name. */
    readonly list: <T extends ResourceType>(
      type: T,
      mesh?: string
    ) => Effect.Effect<ReadonlyArray<Resource<T>>, StoreUnavailable>
    /** A part of what `list` answers, and of how many; both as of one instant. An offset past the end is an empty part. */
    readonly page: <T extends ResourceType>(
      type: T,
      part: { readonly mesh?: string; readonly offset: number; readonly size: number }
    ) => Effect.Effect<Page<T>, StoreUnavailable>
    /** Everything at one instant (one transaction). */
    readonly listAll: Effect.Effect<ReadonlyArray<Resource>, StoreUnavailable>
    /** What is there of these keys, or of all, in no order. */
    readonly snapshot: (keys: ReadonlyArray<ResourceKey> | "all") => Effect.Effect<Snapshot, StoreUnavailable>
    /**
     * Writes; writes nothing (same version back) where spec and labels are already so. What is made anew after a removal
     * has a version above that of what was removed.
     */
    readonly put: <T extends ResourceType>(
      resource: DesiredResource<T>,
      options?: PutOptions
    ) => Effect.Effect<Resource<T>, Conflict | StoreUnavailable>
    /** Removes; NotFound where nothing is. */
    readonly remove: (
      key: ResourceKey,
      options?: RemoveOptions
    ) => Effect.Effect<void, NotFound | Conflict | StoreUnavailable>
    /**
     * From the moment of subscription on, in commit order, each change at least once, this replica's own
     * included. Never fails: a lost connection is repaired and answered by `Resynced`.
     */
    readonly changes: Stream.Stream<Change>
  }
>()("ecs-mesh/model/Store") {}
