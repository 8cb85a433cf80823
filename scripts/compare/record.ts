/** One control plane, started and asked everything; what it answered is printed. Run by compare-with-kuma.ts. */
import { join } from "node:path"
import { startDatabase } from "../../bench/mesh/Database.ts"
import { runMeasurement, say, type Workplace } from "../../bench/mesh/runMeasurement.ts"
import { startEcsMesh } from "../../bench/mesh/subject/startEcsMesh.ts"
import { startKumaCp } from "../../bench/mesh/subject/startKumaCp.ts"
import { type Step, STEPS } from "./calls.ts"
import { normalise } from "./normalise.ts"
import { sendBadResources } from "./sendBadResources.ts"
import { type Answer, answerOfKumactl, type Asked, takeStep } from "./takeStep.ts"

export interface RecordPlan {
  readonly kumactl: string
  /** Its kuma-cp instead of ours. */
  readonly kumaCp: string | null
}

export interface Recording {
  readonly calls: ReadonlyArray<Answer>
  readonly badResources: ReadonlyArray<Answer>
}

const root = join(import.meta.dirname, "..", "..")

const READS: ReadonlyArray<string> = ["export", "get", "inspect", "version"]

const onlyReads = (step: Step): boolean =>
  "get" in step || ("kumactl" in step && READS.includes(step.kumactl[0] ?? ""))

/** The next steps that need no order among them: a kumactl takes its time to start. */
const sideBySide = (steps: ReadonlyArray<Step>): ReadonlyArray<Step> => {
  const writes = steps.findIndex((step) => !onlyReads(step))
  return steps.slice(0, Math.min(8, Math.max(1, writes === -1 ? steps.length : writes)))
}

const record = async ({ folder, part, plan }: Workplace<RecordPlan>): Promise<Recording> => {
  const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
  const options = { folder, store: database.environment, inspect: false, tree: root }
  const { api } = await part(
    plan.kumaCp === null ? startEcsMesh(options) : startKumaCp(plan.kumaCp, options),
    (started) => started.process.stop(10_000)
  )
  const asked: Asked = { api, kumactl: plan.kumactl, folder }
  const add = ["config", "control-planes", "add", "--name", "compared", "--address", api]
  const added = await answerOfKumactl(asked, add)
  const calls: Array<Answer> = [{ call: "config control-planes add", text: added }]
  for (let at = 0; at < STEPS.length;) {
    const side = sideBySide(STEPS.slice(at))
    calls.push(...(await Promise.all(side.map((step) => takeStep(asked, step)))).filter((answer) => answer !== null))
    at += side.length
    if (Math.floor(at / 100) > Math.floor((at - side.length) / 100)) say(`${at} of ${STEPS.length} calls`)
  }
  return {
    calls: calls.map(({ call, text }) => ({ call, text: normalise(text, folder) })),
    badResources: await sendBadResources(api)
  }
}

await runMeasurement(record)
