/** kuma-dp serves its Envoy's figures, its own and its app's at the port that the Mesh says. */
import { OWN_FIGURE } from "../App.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"

const LIMIT_MILLIS = 10_000

export const tellFigures: Scene = async (world, tell) => {
  const url = `http://${world.proxy("b1").address}:${world.ports.metrics}/metrics`
  const look = async () => {
    const lines = (await (await fetch(url, { signal: AbortSignal.timeout(LIMIT_MILLIS) })).text()).split("\n")
    return {
      envoy: lines.filter((line) => line.startsWith("envoy_")).length,
      app: lines.filter((line) => line.startsWith(OWN_FIGURE) && !line.endsWith(" 0")).length
    }
  }
  const seen = await lookUntil(look, ({ app, envoy }) => app === 1 && envoy > 100)
  tell({
    what: "at the Mesh's port",
    seen: seen === null ? "nothing" : `${seen.envoy} of Envoy, ${seen.app} of the app`,
    holds: seen !== null && seen.envoy > 100 && seen.app === 1
  })
}
