/** The control plane ends, or is killed, under load, and comes back. */
import { setTimeout as delay } from "node:timers/promises"
import { lookUntil } from "../lookUntil.ts"
import type { Scene, Tell, World } from "../World.ts"
import { underLoad } from "./underLoad.ts"

const AWAY_MILLIS = 3_000

const connected = async (world: World): Promise<ReadonlyArray<string>> => {
  const all = world.proxies()
  const states = await Promise.all(all.map((proxy) => proxy.isConnected()))
  return all.filter((_, index) => states[index]).map(({ name }) => name)
}

const goAndComeBack = async (world: World, tell: Tell, signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
  const all = world.proxies().length
  const before = await lookUntil(() => connected(world), (names) => names.length === all)
  await underLoad(world, tell, ["b1", "b2"], async () => {
    const exit = await world.controlPlane.end(signal)
    const without = await lookUntil(() => connected(world), (names) => names.length === 0)
    await delay(AWAY_MILLIS)
    await world.controlPlane.start()
    const after = await lookUntil(() => connected(world), (names) => names.length === all)
    const [was, lost, back] = [before?.length ?? 0, all - (without?.length ?? all), after?.length ?? 0]
    tell({
      what: "streams",
      seen: `ended by ${exit.signal ?? `itself with ${exit.code}`}; of ${all} proxies ${was} were connected, ` +
        `${lost} lost it, ${back} are back`,
      holds: exit.signal === (signal === "SIGKILL" ? signal : null) && [was, lost, back].every((count) => count === all)
    })
  })
}

export const restart: Scene = (world, tell) => goAndComeBack(world, tell, "SIGTERM")

export const kill: Scene = (world, tell) => goAndComeBack(world, tell, "SIGKILL")
