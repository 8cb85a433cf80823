/**
 * The control plane comes back with state-of-the-world ADS and token files that Envoys read anew. Who entered before
 * goes on with incremental ADS; who enters now speaks what it is told, or what its own environment says.
 */
import { callTimes } from "../Calls.ts"
import { judgeCalls } from "../judgeCalls.ts"
import { lookUntil } from "../lookUntil.ts"
import type { Scene } from "../World.ts"
import { count } from "./count.ts"

const TIMES = 20

export const speakBothVariants: Scene = async (world, tell) => {
  await world.controlPlane.end("SIGTERM")
  await world.controlPlane.start({
    KUMA_EXPERIMENTAL_DELTA_XDS: "false",
    KUMA_DP_SERVER_AUTHN_ENABLE_RELOADABLE_TOKENS: "true"
  })
  await world.enterApp("b3", "127.0.0.16", "backend")
  await world.enterApp("b4", "127.0.0.17", "other", {
    env: {
      KUMA_DATAPLANE_RUNTIME_ENVOY_XDS_TRANSPORT_PROTOCOL_VARIANT: "DELTA_GRPC",
      KUMA_DATAPLANE_RESOURCES_MAX_MEMORY_BYTES: String(256 * 1024 * 1024)
    }
  })
  for (const [name, variant] of [["front", "DELTA_GRPC"], ["b3", "GRPC"], ["b4", "DELTA_GRPC"]] as const) {
    const proxy = world.proxy(name)
    const connected = await lookUntil(() => proxy.isConnected(), (is) => is)
    const spoken = await proxy.variant()
    tell({
      what: `ADS of ${name}`,
      seen: `${String(spoken ?? "no bootstrap")}, ${connected === true ? "connected" : "not connected"}`,
      holds: spoken === variant && connected === true
    })
  }
  const { address } = world.proxy("b3")
  await lookUntil(() => world.proxy("front").endpoints(), (endpoints) => endpoints.includes(address))
  const instances = ["b1", "b3"]
  tell(judgeCalls("calls by tag", await callTimes(world.byTag(), TIMES), { instances, least: TIMES }))
  const other = await lookUntil(
    async () => {
      const url = await world.byAddress("other")
      return (await callTimes(url, 1)).answers.size > 0 ? url : null
    },
    (url) => url !== null
  )
  if (other === null || other === undefined) throw new Error("the new service was not reached by its address")
  tell(judgeCalls("calls by address, of another service", await callTimes(other, TIMES), {
    instances: ["b4"],
    least: TIMES
  }))
  await count(world, tell)
}
