/** No Envoy refused anything that it was sent, nor was sent anything that will go. */
import { readFile } from "node:fs/promises"
import { isObject } from "../../compare/readAnswer.ts"
import { judgeZero } from "../judgeCounters.ts"
import type { Scene, World } from "../World.ts"

const statistics = async (world: World, filter: string): Promise<ReadonlyMap<string, string>> =>
  new Map(await Promise.all(world.proxies().map(async (proxy) =>
    [proxy.name, await proxy.statistics(filter)] as const)))

const field = (value: unknown, ...names: ReadonlyArray<string>): unknown =>
  names.reduce((found, name) => (isObject(found) ? found[name] : undefined), value)

/** What the control plane has counted of all streams of the workloads' proxies. */
const responses = async (world: World): Promise<{ readonly sent: number; readonly rejected: number }> => {
  const answer: unknown = await (await fetch(`${world.controlPlane.api}/meshes/default/dataplanes/_overview`)).json()
  const items = field(answer, "items")
  const totals = (Array.isArray(items) ? items : []).flatMap((item) => {
    const subscriptions = field(item, "dataplaneInsight", "subscriptions")
    return (Array.isArray(subscriptions) ? subscriptions : []).map((one) => field(one, "status", "total"))
  })
  const sum = (name: string): number => totals.reduce((all: number, total) => all + Number(field(total, name) ?? 0), 0)
  return { sent: sum("responsesSent"), rejected: sum("responsesRejected") }
}

export const count: Scene = async (world, tell) => {
  const rejected = await statistics(world, "update_rejected")
  tell(judgeZero("updates rejected", rejected, /\.update_rejected$/))
  const deprecated = await statistics(world, "deprecated_feature")
  tell(judgeZero("deprecated features used", deprecated, /^runtime\.deprecated_feature_use$/))
  const { rejected: refused, sent } = await responses(world)
  tell({
    what: "responses rejected, by the control plane",
    seen: `${refused} of ${sent}`,
    holds: refused === 0 && sent > 0
  })
  const logs = await Promise.all(world.proxies().map(({ logFile }) => readFile(logFile, "utf8")))
  const lines = logs.flatMap((text) => text.split("\n")).filter((line) => line !== "")
  const warnings = lines.filter((line) => /\]\[(?:warning|error|critical)\].*deprecat/i.test(line))
  tell({
    what: "warnings of deprecation in logs",
    seen: [`${warnings.length} in ${lines.length} lines`, ...warnings.slice(0, 1)].join("; "),
    holds: warnings.length === 0 && lines.length > 0
  })
}
