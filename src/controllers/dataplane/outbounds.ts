/** What a task calls, from the tag or docker label `kuma.io/outbounds`. Pure. */
import type { Outbound } from "../../model/Dataplane.ts"
import { SERVICE_TAG } from "../../model/Tags.ts"
import type { Derivation } from "../lifecycle/conditions.ts"
import type { TaskObservation } from "../lifecycle/TaskObservation.ts"
import { OUTBOUNDS, parsePort, words } from "../labels.ts"

/** `port` null: the mesh's own port for that service. */
export interface WantedOutbound {
  readonly service: string
  readonly port: number | null
}

/** Null where the task doesn't say: then it may call every service of its mesh. */
export const wantedOutbounds = (look: TaskObservation): Derivation<ReadonlyArray<WantedOutbound>> | null => {
  const labels = (look.definition?.containers ?? []).map((container) => container.labels[OUTBOUNDS])
  const text = look.task?.tags[OUTBOUNDS] ?? labels.find((label) => label !== undefined)
  if (text === undefined) return null
  const wanted: Array<WantedOutbound> = []
  for (const word of words(text)) {
    const [service = "", portText, ...rest] = word.split(":")
    const port = portText === undefined ? null : parsePort(portText)
    if (service === "" || rest.length > 0 || (portText !== undefined && port === null)) {
      return {
        ok: false,
        reason: "OutboundsInvalid",
        message: `${OUTBOUNDS} has "${word}": write services as NAME or NAME:PORT, separated by spaces`
      }
    }
    wanted.push({ service, port })
  }
  return { ok: true, value: wanted, notes: [] }
}

/**
 * `ports`: the mesh's own port of each service that was wanted without one. A service that nobody offers yet has none:
 * two that call each other must not wait for each other, so it is left out until it has.
 */
export const outbounds = (
  wanted: ReadonlyArray<WantedOutbound>,
  ports: Readonly<Record<string, number>>,
  address: string
): { readonly value: ReadonlyArray<Outbound>; readonly notes: ReadonlyArray<string> } => {
  const value: Array<Outbound> = []
  const notes: Array<string> = []
  for (const { service, port: chosen } of wanted) {
    const port = chosen ?? ports[service]
    if (port === undefined) notes.push(`nobody offers ${service} yet, so it has no port and can't be called`)
    else value.push({ address, port, tags: { [SERVICE_TAG]: service } })
  }
  return { value, notes }
}
