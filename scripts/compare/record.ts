/** One control plane, started and asked everything; what it answered is printed. Run by compare-with-kuma.ts. */
import { join } from "node:path"
import { startDatabase } from "../../bench/mesh/Database.ts"
import { runMeasurement, type Workplace } from "../../bench/mesh/runMeasurement.ts"
import { startEcsMesh } from "../../bench/mesh/subject/startEcsMesh.ts"
import { startKumaCp } from "../../bench/mesh/subject/startKumaCp.ts"
import type { Subject } from "../../bench/mesh/subject/Subject.ts"
import { askAll } from "./askAll.ts"
import { askWithProxies } from "./askWithProxies.ts"
import { STEPS } from "./calls.ts"
import { condense } from "./condense.ts"
import { normalise, withoutWarning } from "./normalise.ts"
import { sendBadResources } from "./sendBadResources.ts"
import { type Answer, answerOfKumactl, type Asked } from "./takeStep.ts"

export interface RecordPlan {
  readonly kumactl: string
  /** Its kuma-cp instead of ours. */
  readonly kumaCp: string | null
  /** What connects to it; null: nothing does. */
  readonly proxies: { readonly kumaDp: string; readonly envoy: string } | null
}

export interface Recording {
  readonly calls: ReadonlyArray<Answer>
  readonly badResources: ReadonlyArray<Answer>
}

const root = join(import.meta.dirname, "..", "..")

/** By what a kuma-dp verifies each one, in the control plane's work dir: kuma-cp signs for itself. */
const authorityOf = ({ name }: Subject, folder: string): string =>
  name === "kuma-cp" ? join(folder, "kuma", "kuma-cp.crt") : join(folder, "control-plane", "tls", "ca.crt")

const record = async ({ folder, part, plan }: Workplace<RecordPlan>): Promise<Recording> => {
  const database = await part(startDatabase(join(folder, "database")), (started) => started.stop())
  // At kuma-cp's own ports, which stand in what its proxies are told.
  const ports = { dataplaneServer: 5678, api: 5681 }
  const options = { folder, store: database.environment, inspect: false, tree: root, ports }
  const subject = await part(
    plan.kumaCp === null ? startEcsMesh(options) : startKumaCp(plan.kumaCp, options),
    (started) => started.process.stop(10_000)
  )
  const { api, dataplaneServer } = subject
  const asked: Asked = { api, kumactl: plan.kumactl, folder }
  const text = await answerOfKumactl(asked, ["config", "control-planes", "add", "--name", "compared", "--address", api])
  const controlPlane = { dataplaneServer, authority: authorityOf(subject, folder) }
  const calls = plan.proxies === null
    ? await askAll(asked, STEPS)
    : await askWithProxies(part, asked, { ...plan.proxies, controlPlane })
  return {
    calls: [{ call: "config control-planes add", text }, ...calls].map((answer) => ({
      call: answer.call,
      text: normalise(condense(withoutWarning(answer.text)), folder)
    })),
    badResources: plan.proxies === null ? await sendBadResources(api) : []
  }
}

await runMeasurement(record)
