/**
 * From Kuma's control plane to ours, over the same database: what it exports is applied, and the tokens that it gave
 * out go on working.
 */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { startKumaCp } from "../../../bench/mesh/subject/startKumaCp.ts"
import { runKumactl } from "../../compare/runKumactl.ts"
import { askKumactl, pointTo, writeToken } from "../askKumactl.ts"
import { lookUntil } from "../lookUntil.ts"
import { statusOf } from "../Proxy.ts"
import type { Scene, World } from "../World.ts"
import { APP_WITH_FIGURES, applyMesh } from "./applyMesh.ts"

interface Left {
  readonly exported: string
  /** A user's. */
  readonly token: string
}

const useKuma = async (world: World, kumaCp: string): Promise<Left> => {
  const { folder, kumactl, store, tokenFile } = world
  const options = { folder, store, inspect: false, tree: world.plan.tree }
  const { api, process } = await world.start(startKumaCp(kumaCp, options), (started) => started.process.stop())
  await pointTo(kumactl, api)
  await applyMesh(world)
  await writeToken(kumactl, tokenFile, "dataplane-token", "--mesh", "default")
  const token = await writeToken(kumactl, join(folder, "user.token"), "user-token", "--name", "jane", "--group", "ops")
  const exported = await askKumactl(kumactl, "export", "--profile", "federation-with-policies")
  await process.stop(20_000)
  return { exported, token }
}

/** One at a time, as the page on moving says; those that were refused. */
const applyAll = async ({ folder, kumactl }: World, parts: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const file = join(folder, "part.yaml")
  const refused: Array<string> = []
  for (const part of parts) {
    await writeFile(file, part)
    const { error, status } = await runKumactl(kumactl, ["apply", "-f", file])
    if (status !== 0) refused.push(error.trim())
  }
  return refused
}

/** The user's name, or the status of the refusal. */
const whoIs = async (api: string, token: string): Promise<string> => {
  const answer = await fetch(`${api}/who-am-i`, { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) return String(answer.status)
  const { name } = await answer.json() as { readonly name: string }
  return name
}

const withOtherSignature = (token: string): string => {
  const [header = "", claims = "", signature = ""] = token.split(".")
  return [header, claims, [...signature].toReversed().join("")].join(".")
}

export const move: Scene = async (world, tell) => {
  const { controlPlane, plan } = world
  if (plan.kumaCp === null) return
  const { exported, token } = await useKuma(world, plan.kumaCp)
  await controlPlane.start()
  await pointTo(world.kumactl, controlPlane.api)
  const parts = exported.split(/^---$/m).filter((part) => part.trim() !== "")
  const refused = await applyAll(world, parts)
  tell({
    what: "what kuma-cp exports is applied",
    seen: [`${refused.length} refused of ${parts.length}`, ...refused].join("; "),
    holds: refused.length === 0 && parts.length > 5
  })

  const proxy = await world.enterApp("b1", APP_WITH_FIGURES, "backend")
  const ready = await lookUntil(() => statusOf(proxy.readiness), (status) => status === 200)
  const connected = await lookUntil(() => proxy.isConnected(), (is) => is)
  tell({
    what: "a proxy's token",
    seen: `${connected === true ? "connected" : "not connected"}, readiness ${ready}`,
    holds: connected === true && ready === 200
  })

  // Whoever calls from this machine is its administrator, unless this is said.
  await controlPlane.end("SIGTERM")
  await controlPlane.start({ KUMA_API_SERVER_AUTHN_LOCALHOST_IS_ADMIN: "false" })
  const users = await Promise.all([token, withOtherSignature(token)].map((one) => whoIs(controlPlane.api, one)))
  tell({ what: "a user's token, and one of another key", seen: users.join(", "), holds: users.join() === "jane,401" })
}
