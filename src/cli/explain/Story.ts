/** What is known of one task, for people and for programs. */
import type { Condition } from "../../model/Condition.ts"

/** A journal that was read. */
export interface Source {
  /** An address or a file. */
  readonly from: string
  /** Null where the journal doesn't tell. */
  readonly instance: string | null
  readonly leads: boolean | null
  readonly entries: number
}

/** How the task stands by what was decided last. */
export interface Standing {
  /** When that was. */
  readonly time: string
  readonly phase: string
  /** `dataplane` of mesh `default`, say; null where it may be nothing. */
  readonly proxy: string | null
  readonly conditions: ReadonlyArray<Pick<Condition, "type" | "status" | "reason" | "message">>
}

/** What was observed last. */
export interface Seen {
  readonly time: string
  readonly task: string
  readonly address: string | null
  readonly definition: string | null
  readonly role: string | null
}

/** What a proxy was sent of one xDS type, and what it said to that. */
export interface Sent {
  readonly type: string
  readonly version: string
  readonly time: string
  readonly names: number
  /** Null while there is none. */
  readonly answer: Answer | null
}

export interface Answer {
  readonly kind: "ACKed" | "NACKed"
  readonly afterMillis: number
  /** Why not. */
  readonly message: string | null
}

export interface Moment {
  readonly time: string
  /** `seen`, `decided`, `stored`, `stream`, `sent`, `NACKed`, `refused`. */
  readonly what: string
  readonly text: string
  /** How often, where the same came again and again. */
  readonly times: number
}

export interface Story {
  readonly taskId: string
  /** The service that it runs for, where somebody said. */
  readonly group: string | null
  readonly sources: ReadonlyArray<Source>
  readonly seen: Seen | null
  readonly standing: Standing | null
  /** Resources as they were stored last, with their versions. */
  readonly stored: ReadonlyArray<string>
  /** The last stream: open, or how it ended; null where there was none. */
  readonly stream: string | null
  readonly sent: ReadonlyArray<Sent>
  /** The last refusal, where the proxy didn't connect since. */
  readonly refused: Moment | null
  readonly happened: ReadonlyArray<Moment>
  /** What to know of the story itself. */
  readonly notes: ReadonlyArray<string>
}
