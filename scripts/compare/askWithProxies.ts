/** The second scene: proxies are connected, their app ends, they are deleted while they are there, and they go. */
import { setTimeout as delay } from "node:timers/promises"
import type { Part } from "../../bench/mesh/runMeasurement.ts"
import type { KumaDp } from "../kuma-dp/startKumaDp.ts"
import { askAll } from "./askAll.ts"
import type { Step } from "./calls.ts"
import { connectProxies } from "./ConnectedProxies.ts"
import {
  DELETED,
  DELETED_WHILE_CONNECTED,
  ENDED,
  LOOK,
  LOOK_FOR_DELETED,
  READ_WHILE_CONNECTED,
  WITHOUT_APP,
  WRITTEN_BEFORE
} from "./connectedCalls.ts"
import type { Answer, Asked } from "./takeStep.ts"

/** For what comes about now and then: Kuma's insights, a health check's report, a Dataplane that goes. */
const SETTLED_MILLIS = 20_000

export const askWithProxies = async (
  part: Part,
  asked: Asked,
  programs: Pick<KumaDp, "kumaDp" | "envoy" | "controlPlane">
): Promise<ReadonlyArray<Answer>> => {
  const written = await askAll(asked, WRITTEN_BEFORE)
  const proxies = await connectProxies(part, asked, programs)
  const look = async (steps: ReadonlyArray<Step>, when: string): Promise<ReadonlyArray<Answer>> => {
    await delay(SETTLED_MILLIS)
    return (await askAll(asked, steps)).map(({ call, text }) => ({ call: `${call}, ${when}`, text }))
  }
  await delay(SETTLED_MILLIS)
  const read = await askAll(asked, READ_WHILE_CONNECTED)
  await proxies.endApp()
  const withoutApp = await look(LOOK, WITHOUT_APP)
  const deleted = await askAll(asked, DELETED_WHILE_CONNECTED)
  const afterwards = await look(LOOK_FOR_DELETED, DELETED)
  await proxies.end()
  return [...written, ...read, ...withoutApp, ...deleted, ...afterwards, ...await look(LOOK, ENDED)]
}
