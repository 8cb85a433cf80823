/**
 * The token of all is replaced and then revoked: who reads its file anew goes on with the new one, who was given the
 * old one with its bootstrap is refused from then on. Calls go on: nobody's Envoy ends for that.
 */
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { applyFile, writeToken } from "../askKumactl.ts"
import type { Check } from "../Check.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene, World } from "../World.ts"
import { underLoad } from "./underLoad.ts"

const OLD = ["b1", "front"]
const NEW = ["b3", "b4"]

const tokenId = (token: string): string => {
  const { jti }: { readonly jti: string } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
  return jti
}

const revoke = async ({ folder, kumactl }: World, token: string): Promise<void> => {
  const file = join(folder, "revoked.yaml")
  const data = Buffer.from(tokenId(token)).toString("base64")
  await writeFile(file, `type: Secret\nmesh: default\nname: dataplane-token-revocations-default\ndata: ${data}\n`)
  await applyFile(kumactl, file)
}

interface Overview {
  readonly dataplane?: {
    readonly networking: { readonly inbound: ReadonlyArray<{ readonly state?: string }> }
  }
  readonly dataplaneInsight?: { readonly subscriptions?: ReadonlyArray<{ readonly connectTime?: string }> }
}

const overview = async ({ controlPlane }: World, name: string) => {
  const answer = await fetch(`${controlPlane.api}/meshes/default/dataplanes/${name}/_overview`)
  const { dataplane, dataplaneInsight } = await answer.json() as Overview
  const subscriptions = dataplaneInsight?.subscriptions ?? []
  return {
    /** When it was connected last, by the control plane's clock, which is ours; 0 for one that isn't there. */
    connectedAt: Math.max(0, ...subscriptions.map(({ connectTime }) => Date.parse(connectTime ?? ""))),
    ready: dataplane?.networking.inbound.every(({ state }) => state !== "NotReady")
  }
}

const connectedAt = async (world: World, name: string): Promise<number> => (await overview(world, name)).connectedAt

const judgeNew = async (world: World, name: string, since: number): Promise<Check> => {
  const proxy = world.proxy(name)
  const back = await lookUntil(
    async () => await connectedAt(world, name) > since && await proxy.isConnected(),
    (is) => is,
    30_000
  )
  const seen = back === true ? "connected anew" : "not connected anew"
  return { what: `${name} has read the new token`, seen, holds: back === true }
}

const judgeOld = async (world: World, name: string, since: number): Promise<Check> => {
  const refused = world.controlPlane.log().split("\n")
    .some((line) => line.includes("TokenRevoked") && line.includes(`/${name} `))
  const connected = await world.proxy(name).isConnected()
  const again = await connectedAt(world, name) > since
  const isBack = connected || again
  return {
    what: `the revoked token of ${name} is refused`,
    seen: `${refused ? "TokenRevoked" : "not refused"}, ${isBack ? "connected again" : "not connected since"}`,
    holds: refused && !isBack
  }
}

/** Health is told on a stream of its own. */
const judgeHealth = async (world: World, name: string): Promise<Check> => {
  await world.app(name).end()
  const isReady = await lookUntil(async () => (await overview(world, name)).ready, (ready) => ready === false, 30_000)
  return {
    what: `${name} goes on telling its app's health`,
    seen: isReady === false ? "its app's end is known" : "its app's end isn't known",
    holds: isReady === false
  }
}

export const replaceToken: Scene = async (world, tell) => {
  const old = await readFile(world.tokenFile, "utf8")
  let since = Infinity
  await underLoad(world, tell, ["b1", "b3"], async () => {
    await writeToken(world.kumactl, world.tokenFile, "dataplane-token", "--mesh", "default")
    since = Date.now()
    await revoke(world, old)
    for (const name of NEW) tell(await judgeNew(world, name, since))
  })
  // Long enough after that, whoever could have come back has.
  for (const name of OLD) tell(await judgeOld(world, name, since))
  tell(await judgeHealth(world, "b3"))
}
