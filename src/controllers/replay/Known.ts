/**
 * What a journal observed and events don't tell: the definition of each revision, the role that its tasks ran with, and
 * the operator's settings. Pure.
 */
import type { Tags } from "../../model/Tags.ts"
import type { KindSettings } from "../lifecycle/decide.ts"
import type { ObservedDefinition, RoleReading } from "../lifecycle/TaskObservation.ts"
import type { ReadLine } from "./readLines.ts"
import { repeatDecision } from "./repeatDecision.ts"

export interface KnownRevision {
  readonly definition: ObservedDefinition
  /** As it was read last. */
  readonly role: RoleReading
  readonly taskRoleArn: string | null
}

export interface Known {
  readonly settings: KindSettings
  /** By the revision's ARN. */
  readonly revisions: ReadonlyMap<string, KnownRevision>
  /** By the ARN of a task that ran it: for events that don't name their revision. */
  readonly tasks: ReadonlyMap<string, KnownRevision>
  /** Of single tasks, by their ARNs. */
  readonly tags: ReadonlyMap<string, Tags>
  /** Addresses of hosts, by the ARN of the task that runs there. */
  readonly hosts: ReadonlyMap<string, string>
}

export const nothingKnown: Known = {
  settings: { zone: "default" }, revisions: new Map(), tasks: new Map(), tags: new Map(), hosts: new Map()
}

/** The newest of each. Lines that can't be read tell nothing. */
export const knownFrom = (lines: Iterable<ReadLine>): Known => {
  let { settings } = nothingKnown
  const revisions = new Map<string, KnownRevision>()
  const tasks = new Map<string, KnownRevision>()
  const tags = new Map<string, Tags>()
  const hosts = new Map<string, string>()
  for (const read of lines) {
    if (read._tag !== "Entry" || read.entry.kind !== "observation") continue
    const repeated = repeatDecision(read.entry.fields)
    if ("problem" in repeated) continue
    const { look, settings: given } = repeated.repeatable
    settings = given ?? settings
    if (look.task === null) continue
    const { taskArn, taskRoleArn } = look.task
    tags.set(taskArn, look.task.tags)
    if (look.hostAddress !== null) hosts.set(taskArn, look.hostAddress)
    const { definition, role } = look
    if (definition === null) continue
    const revision = { definition, role, taskRoleArn }
    revisions.set(definition.arn, revision)
    tasks.set(taskArn, revision)
  }
  return { settings, revisions, tasks, tags, hosts }
}
