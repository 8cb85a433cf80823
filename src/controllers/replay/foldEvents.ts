/**
 * Folds raw EventBridge events through the operator's own pure code, each task's in the order of its versions, as far
 * as events go: they wake, and what is decided is read from AWS afterwards. So what isn't in them is said, and taken
 * from a journal where one is given. Pure.
 */
import { isType, type DesiredResource, type Resource } from "../../model/Resource.ts"
import type { ProxyType } from "../../model/ProxyType.ts"
import { lastPart } from "../arn.ts"
import { dataplaneKind } from "../dataplane/desired.ts"
import { egressKind } from "../egress/desired.ts"
import { type Decoded, decode } from "../event/decode.ts"
import { ingressKind } from "../ingress/desired.ts"
import { conclude } from "../lifecycle/conclude.ts"
import type { KindSettings } from "../lifecycle/decide.ts"
import { byRoles, whyIgnored } from "../lifecycle/ignored.ts"
import { neverConnected } from "../lifecycle/ProxyObservation.ts"
import { type ObservedTask, sidecarOf, type TaskObservation } from "../lifecycle/TaskObservation.ts"
import { differences } from "./differences.ts"
import { eventTask } from "./eventTask.ts"
import { type FoldOptions, isAbout, resourceOf } from "./foldJournal.ts"
import type { Known } from "./Known.ts"
import type { RawEvent } from "./readEvents.ts"
import { dataplaneSettings } from "./repeatDecision.ts"
import type { Step } from "./Step.ts"

interface Arrival {
  readonly place: string
  /** From 1, in the order of the file. */
  readonly seq: number
  readonly body: string
  readonly decoded: Decoded
}

/** Which event it is about. */
interface At {
  readonly place: string
  readonly seq: number
  readonly time: string
  readonly key: string
}

/** What the store would hold of a task. */
interface Kept {
  readonly previous: Resource<"EcsTask"> | null
  readonly stored: Resource | null
}

const note = (place: string, text: string): Step => ({ _tag: "Note", place, text })

const kept = <R extends DesiredResource>(resource: R, time: string) =>
  ({ ...resource, version: 1, creationTime: time, modificationTime: time })

/** The time of a "time" field, or 0 where it is none. */
const millisOf = (time: string): number => Number.isNaN(Date.parse(time)) ? 0 : Date.parse(time)

const NO_ROLE = "the role isn't in the events: give a journal that observed it (--known)"

const NO_ADDRESS = "AddressUnknown: neither the event nor what is known tells the task's address"

const lookAt = (task: ObservedTask, known: Known): TaskObservation => {
  const revision = known.revisions.get(task.taskDefinitionArn) ??
    (task.taskDefinitionArn === "" ? known.tasks.get(task.taskArn) : undefined)
  const taskRoleArn = task.taskRoleArn ?? revision?.taskRoleArn ?? null
  const isItsRole = revision !== undefined && revision.taskRoleArn === taskRoleArn
  return {
    taskId: lastPart(task.taskArn),
    task: { ...task, taskRoleArn, tags: known.tags.get(task.taskArn) ?? {} },
    definition: revision?.definition ?? null,
    role: isItsRole ? revision.role : { status: "unreadable", message: NO_ROLE },
    hostAddress: known.hosts.get(task.taskArn) ?? null,
    knownAddress: null
  }
}

const concludeAs = (
  proxyType: ProxyType,
  settings: KindSettings,
  look: TaskObservation,
  { previous, stored }: Kept,
  now: number
) => {
  const common = { look, previous, connection: neverConnected }
  switch (proxyType) {
    case "dataplane": {
      const own = stored !== null && isType("Dataplane", stored) ? stored : null
      return conclude(dataplaneKind(dataplaneSettings(settings)), { ...common, stored: own, outboundPorts: {} }, now)
    }
    case "ingress":
      return conclude(ingressKind(settings.zone), {
        ...common, stored: stored !== null && isType("ZoneIngress", stored) ? stored : null
      }, now)
    case "egress":
      return conclude(egressKind(settings.zone), {
        ...common, stored: stored !== null && isType("ZoneEgress", stored) ? stored : null
      }, now)
  }
}

/** Each key's events by their versions, on the places at which events of that key came; doubles are left out. */
const inOrder = (arrivals: ReadonlyArray<Arrival>): {
  readonly ordered: ReadonlyArray<Arrival>
  readonly notes: ReadonlyArray<Step>
} => {
  const notes: Array<Step> = []
  const seen = new Map<string, number>()
  const highest = new Map<string, number>()
  const single = arrivals.filter(({ decoded, place, seq }) => {
    if (decoded._tag !== "TaskChanged") return true
    const { key, version } = decoded
    const first = seen.get(`${key} ${version}`)
    if (first !== undefined) {
      const text = `version ${version} of ${key} once more (event ${first} was it): it changes nothing`
      notes.push(note(place, text))
      return false
    }
    seen.set(`${key} ${version}`, seq)
    const newest = highest.get(key) ?? version
    if (version < newest) {
      const text = `an event of ${key} came late: version ${version} behind version ${newest}`
      notes.push(note(place, `${text}; it is taken in its place`))
    }
    highest.set(key, Math.max(version, newest))
    return true
  })
  const byKey = new Map<string, Array<Arrival>>()
  for (const arrival of single) {
    if (arrival.decoded._tag !== "TaskChanged") continue
    const own = byKey.get(arrival.decoded.key)
    if (own === undefined) byKey.set(arrival.decoded.key, [arrival])
    else own.push(arrival)
  }
  const versionOf = ({ decoded }: Arrival): number => decoded._tag === "TaskChanged" ? decoded.version : 0
  // The next of each is at its end: a task may have as many events as the file.
  for (const own of byKey.values()) own.sort((a, b) => versionOf(b) - versionOf(a))
  const ordered = single.map((arrival) =>
    arrival.decoded._tag === "TaskChanged" ? byKey.get(arrival.decoded.key)?.pop() ?? arrival : arrival)
  return { ordered, notes }
}

class EventFold {
  readonly #known: Known
  readonly #tasks = new Map<string, Kept>()
  readonly #unknown = new Set<string>()
  readonly #ended = new Set<string>()

  constructor(known: Known) {
    this.#known = known
  }

  *fold({ body, decoded, place, seq }: Arrival): Generator<Step> {
    if (decoded._tag === "Ignored") return yield note(place, decoded.reason)
    const { event, key } = decoded
    const at = { place, seq, time: event.time, key }
    if (decoded._tag !== "TaskChanged") {
      const what = `${event["detail-type"]}: its tasks would be looked at; what they are then isn't in the event`
      return yield { _tag: "Event", ...at, what }
    }
    const { desiredStatus, lastStatus, version } = decoded.event.detail
    yield { _tag: "Event", ...at, what: `ECS says ${lastStatus}, desired ${desiredStatus} (version ${version})` }
    if (this.#ended.has(key)) return yield note(place, "the task has ended already: nothing is looked for any more")
    const task = eventTask(body)
    if (task === null) return yield note(place, "it has no task that can be read")
    const look = lookAt(task, this.#known)
    yield* this.#decide(at, look, millisOf(event.time))
  }

  *#decide(at: At, look: TaskObservation, now: number): Generator<Step> {
    const before = this.#tasks.get(at.key) ?? { previous: null, stored: null }
    yield* this.#tellUnknown(at.place, at.key, look)
    const ignored = look.definition !== null && before.previous === null ? whyIgnored(look, byRoles) : null
    if (ignored !== null) {
      return yield { _tag: "Decision", ...at, from: null, to: "ignored", why: ignored, changes: [] }
    }
    const proxyType = sidecarOf(look)?.sidecar?.proxyType ?? before.previous?.spec.proxy?.proxyType ?? "dataplane"
    const { decision: { desired, phase }, told, why } = concludeAs(proxyType, this.#known.settings, look, before, now)
    const changes = differences(resourceOf(before.stored), resourceOf(desired ?? undefined))
    // Without the definition nobody knows whether the address is to come from a host, and advice would be a guess.
    const guessed = look.definition === null && why.startsWith("HostAddressUnknown:")
    const from = before.previous?.spec.phase ?? null
    yield { _tag: "Decision", ...at, from, to: phase, why: guessed ? NO_ADDRESS : why, changes }
    if (phase === "gone") this.#ended.add(at.key)
    this.#tasks.set(at.key, {
      previous: told === null ? null : kept(told, at.time),
      stored: desired === null ? null : kept(desired, at.time)
    })
  }

  /** Once for each task. */
  *#tellUnknown(place: string, key: string, look: TaskObservation): Generator<Step> {
    if (this.#unknown.has(key)) return
    this.#unknown.add(key)
    const missing = [
      ...(look.definition === null
        ? ["its definition (whether it has a sidecar, which ports: it is taken to have one)"]
        : []),
      ...(look.role.status === "unreadable" ? ["its role"] : []),
      ...(look.definition === null || !this.#known.tags.has(look.task?.taskArn ?? "") ? ["its tags"] : []),
      "whether its Envoy was connected (its inbounds stay not ready)"
    ]
    yield note(place, `not known of ${key}: ${missing.join(", ")}`)
  }
}

export function* foldEvents(events: ReadonlyArray<RawEvent>, known: Known, options: FoldOptions = {}): Generator<Step> {
  const arrivals = events.map(({ body, place }, index): Arrival =>
    ({ place, seq: index + 1, body, decoded: decode(body) }))
  const wanted = arrivals.filter(({ decoded }) =>
    options.key === undefined || (decoded._tag !== "Ignored" && isAbout(decoded.key, options.key)))
  const { notes, ordered } = inOrder(wanted)
  yield* notes
  const fold = new EventFold(known)
  const { until } = options
  for (const arrival of ordered) {
    const time = arrival.decoded._tag === "Ignored" ? 0 : millisOf(arrival.decoded.event.time)
    if (until !== undefined && ("seq" in until ? arrival.seq > until.seq : time > until.time)) continue
    yield* fold.fold(arrival)
  }
}
