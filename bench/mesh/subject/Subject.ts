/** A control plane that is measured: a process with a data plane server and an API, over a Postgres of its own. */
import type { RunningProcess } from "../../../localstack/process/startProcess.ts"
import type { Variant } from "../generator/discovery.ts"
import type { Inspector } from "./Inspector.ts"

export const SUBJECTS = ["ecs-mesh", "kuma-cp"] as const
export type SubjectName = typeof SUBJECTS[number]

/** The variant of ADS that each one's bootstrap has Envoys speak, with its default settings. */
export const OWN_VARIANT: Readonly<Record<SubjectName, Variant>> = { "ecs-mesh": "delta", "kuma-cp": "sotw" }

export interface Subject {
  readonly name: SubjectName
  readonly process: RunningProcess
  readonly dataplaneServer: { readonly host: string; readonly port: number }
  /** Base URL of the API, in clear. */
  readonly api: string
  /** null where it is no Node process, or wasn't asked for. */
  readonly inspector: Inspector | null
}

export interface SubjectPorts {
  readonly dataplaneServer: number
  readonly api: number
}

export interface SubjectOptions {
  /** For its work dir and logs. */
  readonly folder: string
  /** By which it finds its Postgres. */
  readonly store: Readonly<Record<string, string>>
  readonly inspect: boolean
  /** Where it is to be found; absent: at free ports. For ecs-mesh alone. */
  readonly ports?: SubjectPorts
  /** More of its environment. For ecs-mesh alone. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where ecs-mesh's source is. */
  readonly tree: string
}
