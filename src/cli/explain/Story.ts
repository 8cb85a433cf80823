/** What is known of one task, or of a proxy that is none, for people and for programs. */
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

/** What was observed last while the task lived; of one that nobody saw alive, what was observed at all. */
export interface Seen {
  readonly time: string
  /** Null where ECS doesn't know the task. */
  readonly lastStatus: string | null
  readonly desiredStatus: string | null
  readonly version: number | null
  readonly address: string | null
  readonly definition: SeenDefinition | null
  readonly role: SeenRole | null
}

export interface SeenDefinition {
  readonly arn: string
  readonly networkMode: string
  readonly containers: ReadonlyArray<{ readonly name: string; readonly sidecar: boolean }>
}

export interface SeenRole {
  /** Null where the task has none. */
  readonly arn: string | null
  /** `read`, `remembered`, `unreadable`, `deleted`, `foreign` or `none`. */
  readonly status: string
  /** The mesh's alone. */
  readonly tags: Readonly<Record<string, string>>
  readonly message: string | null
}

/** A task's end; null members where nobody said. */
export interface Ended {
  /** By ECS, otherwise when it was noticed. */
  readonly at: string
  readonly lastStatus: string | null
  readonly stopCode: string | null
  readonly stoppedReason: string | null
}

export interface Stored {
  /** `Dataplane/default/<name>` */
  readonly resource: string
  readonly op: string
  /** Null where only the store tells of it. */
  readonly version: number | null
  /** Null where nobody tells. */
  readonly at: string | null
}

export interface StreamState {
  readonly openSince: string | null
  readonly endedAt: string | null
  readonly reason: string | null
  /** The replica, where it is told. */
  readonly instance: string | null
}

/** What a proxy was sent of one xDS type, and what it said to that. */
export interface Sent {
  readonly typeUrl: string
  readonly version: string
  readonly at: string
  /** 0 on a stream that found everything as it was. */
  readonly count: number
  /** Whether the proxy took it; null while it didn't answer. */
  readonly acked: boolean | null
  readonly answeredAfterMillis: number | null
  /** Why it didn't take it. */
  readonly message: string | null
}

export interface Moment {
  readonly time: string
  /** `seen`, `decided`, `stored`, `changed`, `stream`, `sent`, `NACKed`, `refused`. */
  readonly what: string
  readonly text: string
  /** How often, where the same came again and again. */
  readonly times: number
}

export interface Story {
  /** Of a proxy that is no task, its name. */
  readonly taskId: string
  /** Whether ECS runs it; false of a proxy that brought its resource along. */
  readonly isTask: boolean
  /** The service that it runs for, where somebody said. */
  readonly group: string | null
  readonly sources: ReadonlyArray<Source>
  /** The time of the journal's last line, where nobody living was asked: how it stood then. */
  readonly asOf: string | null
  readonly ended: Ended | null
  readonly seen: Seen | null
  /** Of a task that has ended: how it stood before. */
  readonly standing: Standing | null
  /** Resources as they were stored last. */
  readonly stored: ReadonlyArray<Stored>
  /** The last stream; null where there was none. */
  readonly stream: StreamState | null
  readonly sent: ReadonlyArray<Sent>
  /** The last refusal, where the proxy didn't connect since. */
  readonly refused: Moment | null
  readonly happened: ReadonlyArray<Moment>
  /** What to know of the story itself. */
  readonly notes: ReadonlyArray<string>
}
