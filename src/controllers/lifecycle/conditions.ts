/** What a task's owner reads: how far it came, and what to change where it came no further. Pure. */
import type { Condition } from "../../model/Condition.ts"
import type { TaskPhase } from "../../model/EcsTask.ts"
import type { Verdict } from "./judge.ts"
import type { Connection } from "./ProxyObservation.ts"
import { addressOf, type TaskObservation } from "./TaskObservation.ts"

/** Whether a resource could be derived for the proxy. */
export type Derivation<A> =
  /** `notes`: what was left out, for the owner to know. */
  | { readonly ok: true; readonly value: A; readonly notes: ReadonlyArray<string> }
  | { readonly ok: false; readonly reason: string; readonly message: string }

export interface Judgement {
  readonly phase: TaskPhase
  readonly look: TaskObservation
  readonly verdict: Verdict
  readonly derivation: Derivation<unknown>
  readonly connection: Connection
}

type Statement = Omit<Condition, "lastTransitionTime">

const statement = (type: string, status: Condition["status"], reason: string, message: string): Statement =>
  ({ type, status, reason, message })

const identified = ({ look }: Judgement): Statement => {
  const address = addressOf(look)
  if (address !== null) return statement("Identified", "True", "AddressKnown", `the task is reached at ${address}`)
  return look.definition?.networkMode === "awsvpc"
    ? statement("Identified", "False", "AddressPending", "the task's network interface has no address yet")
    : statement(
      "Identified", "False", "HostAddressUnknown",
      "ECS doesn't tell the address of the task's container instance: give the instance the attribute " +
        "ecs-mesh.io/address (ECS_INSTANCE_ATTRIBUTES in /etc/ecs/ecs.config), or run the task in network mode awsvpc"
    )
}

const accepted = ({ verdict }: Judgement): Statement => {
  const status = { accepted: "True", refused: "False", unknown: "Unknown" } as const
  return statement("Accepted", status[verdict.status], verdict.reason, verdict.message)
}

const registered = ({ phase, derivation }: Judgement): Statement => {
  if (phase === "draining") {
    return statement("Registered", "True", "Draining", "the task stops: no new requests are sent to it")
  }
  if (!derivation.ok) {
    return phase === "registered"
      ? statement("Registered", "True", "LastGoodKept", `${derivation.message}; what was registered before is kept`)
      : statement("Registered", "False", derivation.reason, derivation.message)
  }
  return phase === "registered"
    ? statement("Registered", "True", "Stored", ["the mesh knows the proxy", ...derivation.notes].join("; "))
    : statement("Registered", "False", "NotAccepted", "the proxy is registered once its task is accepted")
}

const SIDECAR_CONNECTED = "SidecarConnected"
const LISTENERS_ACCEPTED = "ListenersAccepted"
const DISCONNECTED = "Disconnected"

/** Whether conditions that were told before say that the proxy had accepted its listeners by then. */
export const saysAcknowledged = (told: ReadonlyArray<Condition>): boolean =>
  told.some(({ type, reason }) =>
    type === SIDECAR_CONNECTED && (reason === LISTENERS_ACCEPTED || reason === DISCONNECTED)
  )

const connected = ({ connection }: Judgement): Statement => {
  if (connection.online && connection.acknowledged) {
    return statement(SIDECAR_CONNECTED, "True", LISTENERS_ACCEPTED, "the sidecar is connected and took its listeners")
  }
  if (connection.online) {
    return statement(SIDECAR_CONNECTED, "Unknown", "ListenersPending", "the sidecar has no listeners yet")
  }
  return connection.acknowledged
    ? statement(SIDECAR_CONNECTED, "False", DISCONNECTED, "the sidecar has no stream; it keeps what it has")
    : statement(SIDECAR_CONNECTED, "False", "NeverConnected", "the sidecar hasn't connected yet: its log says why")
}

/**
 * What an ended task was is read no more, neither its definition nor its role: nothing that is missing then is
 * anybody's mistake.
 */
const ended = ({ look }: Judgement): ReadonlyArray<Statement> => {
  const end = look.task === null ? "ECS doesn't know the task any more" : "the task has ended"
  const say = (type: string, message: string) => statement(type, "False", "TaskEnded", message)
  return [
    say("Identified", `${end}: its address may be another's by now`),
    say("Accepted", `${end}: nobody may be its proxy`),
    say("Registered", `${end}: the mesh forgets its proxy`),
    say(SIDECAR_CONNECTED, `${end}, and its sidecar with it`)
  ]
}

const statements = (judgement: Judgement): ReadonlyArray<Statement> =>
  judgement.phase === "gone"
    ? ended(judgement)
    : [identified, accepted, registered, connected].map((about) => about(judgement))

/** Times move only where a statement's status does. `now` is ISO 8601 in UTC. */
export const conditions = (
  judgement: Judgement,
  previous: ReadonlyArray<Condition>,
  now: string
): ReadonlyArray<Condition> =>
  statements(judgement).map((said) => {
    const before = previous.find(({ type }) => type === said.type)
    const since = before?.status === said.status ? before.lastTransitionTime : undefined
    return { ...said, lastTransitionTime: since ?? now }
  })
