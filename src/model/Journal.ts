/**
 * The record of what was seen, decided and done, in order: one JSON object a line, so that any decision
 * can be replayed and explained. Nothing secret may enter it.
 */
import { Context, Effect, Layer } from "effect"

export type JournalKind =
  | "event" // an EventBridge event, as it came: {source, detailType, event}
  | "observation" // all that a decision depends on: {of, settings, observation}
  | "decision" // what followed from the observation before it: {now, from, to, why, desired, task, conditions, ...}
  | "stored" // {op: "put" | "remove", resource, version}, of an API's user also {by}
  // Of one proxy, from here to "disconnected", what is beyond its share is told later: the last of several, with when
  // it `happened`, and how many they were in `times`.
  | "pushed" // to one proxy: {typeUrl, version, names, removed}; of many removed the first, and removedCount
  | "acked" // {typeUrl, version}
  | "nacked" // {typeUrl, version, message}
  | "connected" // {proxy, identity}
  | "disconnected" // {proxy, reason}
  | "refused" // {door, reason, message}
  | "token" // of a secret, never the token in it: {service, action, conditions}, {mesh, tokenId, expires}
  | "replica" // who writes this journal: {instance, version, leads}; repeated at the head of each file
  | "part" // the head of a filtered export, so that nobody takes its holes for a loss: {keys, since}; its seq is 0

export interface JournalEntry {
  readonly kind: JournalKind
  /** What it is about: `task/<cluster>/<id>`, `role/<account>/<name>`, `Dataplane/default/<name>`, `replica`. */
  readonly key: string
  readonly [field: string]: unknown
}

/** Appending never waits and never fails the caller; the writer behind it buffers and bounds. */
export class Journal extends Context.Service<
  Journal,
  { readonly append: (entry: JournalEntry) => void }
>()("ecs-mesh/model/Journal") {
  /** Keeps nothing. */
  static readonly none = Layer.succeed(Journal, { append: () => {} })
}

export interface JournalFilter {
  /** Keys, what they begin with up to a slash, or what stands behind their last one begins with; all where empty. */
  readonly keys: ReadonlyArray<string>
  /** Unix milliseconds of the first entry; all where null. */
  readonly since: number | null
}

/**
 * The kept part of the journal, oldest first, as it was written. Entries of the kind `replica` pass every filter; a
 * `part` stands before what is filtered.
 */
export class JournalExport extends Context.Service<
  JournalExport,
  {
    /** Whole lines with their newlines, some at a time, up to what is written at this moment; read when asked for. */
    readonly read: (filter: JournalFilter) => Effect.Effect<AsyncIterable<string>>
  }
>()("ecs-mesh/model/JournalExport") {
  /** Has nothing. */
  static readonly none = Layer.succeed(JournalExport, { read: () => Effect.succeed((async function*() {})()) })
}
