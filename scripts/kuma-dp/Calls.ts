/** Calls through the mesh, as an app makes them, and what came of them. */
import { Agent, get } from "node:http"
import { setTimeout as delay } from "node:timers/promises"

/** How often each instance answered, and how often what else happened. */
export interface Calls {
  readonly answers: ReadonlyMap<string, number>
  readonly failures: ReadonlyMap<string, number>
}

type Outcome = { readonly answer: string } | { readonly failure: string }

const LIMIT_MILLIS = 5_000
const CALLERS = 4
const PAUSE_MILLIS = 20

const callOnce = (url: string, agent: Agent): Promise<Outcome> =>
  new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ failure: error.message })
    const call = get(url, { agent, timeout: LIMIT_MILLIS }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.once("error", failed)
      response.once("end", () =>
        resolve(response.statusCode === 200 ? { answer: text } : { failure: `${response.statusCode} ${text}` }))
    })
    call.once("error", failed)
    call.once("timeout", () => call.destroy(new Error(`no answer within ${LIMIT_MILLIS} ms`)))
  })

const addOne = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

class Tally {
  readonly answers = new Map<string, number>()
  readonly failures = new Map<string, number>()

  add(outcome: Outcome): void {
    if ("answer" in outcome) addOne(this.answers, outcome.answer)
    else addOne(this.failures, outcome.failure)
  }
}

/** One after the other. */
export const callTimes = async (url: string, times: number): Promise<Calls> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const tally = new Tally()
  for (let made = 0; made < times; made++) tally.add(await callOnce(url, agent))
  agent.destroy()
  return tally
}

export interface Load {
  /** What came of all its calls. */
  readonly stop: () => Promise<Calls>
}

/** Callers side by side, on connections that stay open, until it is stopped. */
export const startLoad = (url: string): Load => {
  const agent = new Agent({ keepAlive: true, maxSockets: CALLERS })
  const tally = new Tally()
  let goesOn = true
  const caller = async (): Promise<void> => {
    while (goesOn) {
      tally.add(await callOnce(url, agent))
      await delay(PAUSE_MILLIS)
    }
  }
  const ended = Promise.all(Array.from({ length: CALLERS }, caller))
  return {
    stop: async () => {
      goesOn = false
      await ended
      agent.destroy()
      return tally
    }
  }
}
