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

/** `ports`: the mesh's own port of each service that was wanted without one. */
export const outbounds = (
  wanted: ReadonlyArray<WantedOutbound>,
  ports: Readonly<Record<string, number>>,
  address: string
): Derivation<ReadonlyArray<Outbound>> => {
  const missing = wanted.find(({ service, port }) => port === null && ports[service] === undefined)
  if (missing !== undefined) {
    return {
      ok: false,
      reason: "OutboundPortPending",
      message: `the mesh has no port for ${missing.service} yet`
    }
  }
  return {
    ok: true,
    notes: [],
    value: wanted.map(({ service, port }) => ({
      address,
      port: port ?? ports[service] ?? 0,
      tags: { [SERVICE_TAG]: service }
    }))
  }
}
