/**
 * The record of what was seen, decided and done, in order: one JSON object a line, so that any decision
 * can be replayed and explained. Nothing secret may enter it.
 */
import { Context, Layer } from "effect"

export type JournalKind =
  | "event" // an EventBridge event, as it came: {source, detailType, event}
  | "observation" // what AWS said of a key: {observation}
  | "decision" // {from, to, why, desired, conditions, wakeAt}
  | "stored" // {op: "put" | "remove", resource, version}
  | "pushed" // to one proxy: {typeUrl, version, names}
  | "acked" // {typeUrl, version}
  | "nacked" // {typeUrl, version, message}
  | "connected" // {proxy, identity}
  | "disconnected" // {proxy, reason}
  | "refused" // {proxy, reason, message}

export interface JournalEntry {
  readonly kind: JournalKind
  /** What it is about: `task/<cluster>/<id>`, `role/<name>`, `Dataplane/default/<name>`. */
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
